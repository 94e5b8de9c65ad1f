# aws_s3_bucket arquantix-coming-soon-dev, read from a local stand-in for AWS on 2026-11-22
# by bascule 0.1.0 with Terraform 1.11.4 and AWS provider 5.100.0. `bascule adopt` writes this file.

resource "aws_s3_bucket" "site" {
  bucket              = "arquantix-coming-soon-dev"
  object_lock_enabled = false
}
