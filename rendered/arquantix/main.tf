terraform {
  required_version = ">= 1.11.0"

  backend "s3" {
    bucket       = "arquantix-terraform-state"
    encrypt      = true
    key          = "bascule/arquantix.tfstate"
    region       = "me-central-1"
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100.0"
    }
  }
}

provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "me-central-1"
}

import {
  to = aws_cloudfront_distribution.site
  id = "EPJ3WQCO04UWW"
}

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

  lifecycle {
    prevent_destroy = true
  }
}

import {
  to = aws_ecs_service.site
  id = "arquantix-cluster/arquantix-coming-soon"
}

resource "aws_ecs_service" "site" {
  availability_zone_rebalancing      = "ENABLED"
  cluster                            = "arn:aws:ecs:me-central-1:123456789012:cluster/arquantix-cluster"
  deployment_maximum_percent         = 200
  deployment_minimum_healthy_percent = 100
  desired_count                      = 1
  enable_ecs_managed_tags            = false
  enable_execute_command             = false
  launch_type                        = "FARGATE"
  name                               = "arquantix-coming-soon"
  platform_version                   = "LATEST"
  propagate_tags                     = "NONE"
  scheduling_strategy                = "REPLICA"
  task_definition                    = "arquantix-coming-soon:3"

  deployment_circuit_breaker {
    enable   = false
    rollback = false
  }

  deployment_controller {
    type = "ECS"
  }

  network_configuration {
    assign_public_ip = true
    security_groups  = ["sg-04e1c7b9a3f58d260"]
    subnets = [
      "subnet-01b6f3e8d24c7a590",
      "subnet-02c7a4f9e35d8b6a1",
      "subnet-03d8b50af46e9c7b2",
    ]
  }

  lifecycle {
    ignore_changes  = [task_definition, desired_count]
    prevent_destroy = true
  }
}

import {
  to = aws_s3_bucket.site
  id = "arquantix-coming-soon-dev"
}

resource "aws_s3_bucket" "site" {
  bucket              = "arquantix-coming-soon-dev"
  object_lock_enabled = false

  lifecycle {
    prevent_destroy = true
  }
}
