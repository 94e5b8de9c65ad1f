# Facts of the account that no adopted resource carries, read from a local stand-in for AWS on 2026-11-22
# by bascule 0.1.0 with Terraform 1.11.4 and AWS provider 5.100.0. `bascule adopt` writes this file.

locals {
  account         = "123456789012"
  container       = "arquantix-coming-soon"
  container_port  = 3000
  distribution_id = "EPJ3WQCO04UWW"
  vpc_id          = "vpc-0a7d41c5be92f3680"
  zones = {
    subnet-01b6f3e8d24c7a590 = "me-central-1a"
    subnet-02c7a4f9e35d8b6a1 = "me-central-1b"
    subnet-03d8b50af46e9c7b2 = "me-central-1c"
  }
}
