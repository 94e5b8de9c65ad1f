# aws_cloudfront_distribution EPJ3WQCO04UWW, read from a local stand-in for AWS on 2026-11-22
# by bascule 0.1.0 with Terraform 1.11.4 and AWS provider 5.100.0. `bascule adopt` writes this file.

resource "aws_cloudfront_distribution" "site" {
  aliases             = ["www.arquantix.com"]
  comment             = "Arquantix coming soon"
  default_root_object = "index.html"
  enabled             = true
  http_version        = "http2"
  is_ipv6_enabled     = true
  price_class         = "PriceClass_All"
  retain_on_delete    = false
  staging             = false
  wait_for_deployment = true

  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    cached_methods         = ["GET", "HEAD"]
    compress               = true
    smooth_streaming       = false
    target_origin_id       = "S3-arquantix-coming-soon-dev"
    viewer_protocol_policy = "redirect-to-https"
  }

  origin {
    connection_attempts = 3
    connection_timeout  = 10
    domain_name         = "arquantix-coming-soon-dev.s3.me-central-1.amazonaws.com"
    origin_id           = "S3-arquantix-coming-soon-dev"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn            = "arn:aws:acm:us-east-1:123456789012:certificate/3f6c0a52-7d1e-4b89-9c35-e2a8d4170b6f"
    cloudfront_default_certificate = false
    minimum_protocol_version       = "TLSv1.2_2021"
    ssl_support_method             = "sni-only"
  }
}
