# Rendered by a test.

terraform {
  required_version = ">= 1.11.0"

  backend "s3" {
    bucket       = "state"
    key          = "site.tfstate"
    region       = "me-central-1"
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  access_key                  = "x"
  region                      = "me-central-1"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_metadata_api_check     = "true"
  skip_requesting_account_id  = true

  default_tags {
    tags = {
      Stage   = "demo"
      "aws:x" = var.suffix
    }
  }
}

provider "aws" {
  alias  = "east"
  region = "us-east-1"
}

variable "suffix" {
  default     = "dev"
  description = "costs $${5} or $$${6}"
  type        = string

  validation {
    condition     = var.suffix != ""
    error_message = "It can't be empty."
  }
}

variable "weights" {
  default = {
    a = {}
    b = {
      weight = 2
    }
  }
  type = map(object({ weight = optional(number, 1) }))
}

locals {
  name = "site-${var.suffix}"
  none = null
  zones = {
    subnet-1 = "a"
    subnet-2 = "b"
  }
}

data "aws_ssm_parameter" "secret" {
  provider = aws.east

  name = "/site/secret"

  lifecycle {
    postcondition {
      condition     = self.value != ""
      error_message = "It is empty."
    }
  }
}

import {
  to = aws_cloudfront_distribution.site
  id = "EPJ3WQCO04UWW"
}

resource "aws_cloudfront_distribution" "site" {
  aliases = [
    "www.example.com",
    "blog.example.com",
    "shop.example.com",
    "docs.example.com",
    "status.example.com",
    "help.example.com",
  ]
  enabled = true

  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    target_origin_id       = "alb"
    viewer_protocol_policy = "redirect-to-https"

    forwarded_values {
      query_string = false

      cookies {
        forward = "none"
      }
    }
  }

  ordered_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    cached_methods         = ["GET", "HEAD"]
    path_pattern           = "/z/*"
    target_origin_id       = "alb"
    viewer_protocol_policy = "allow-all"
  }

  ordered_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    cached_methods         = ["GET", "HEAD"]
    path_pattern           = "/a/*"
    target_origin_id       = "alb"
    viewer_protocol_policy = "allow-all"
  }

  origin {
    domain_name = aws_lb.web[0].dns_name
    origin_id   = "alb"
  }

  restrictions {
    geo_restriction {
      locations        = []
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }

  lifecycle {
    ignore_changes  = all
    prevent_destroy = true
  }
}

resource "aws_lb" "web" {
  count = 1

  name            = "web"
  security_groups = [aws_security_group.alb.id]
  subnets         = keys(local.zones)

  access_logs {
    bucket  = "logs"
    enabled = false
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(local.zones) > 1
      error_message = "Two zones, please."
    }
  }

  depends_on = [aws_security_group.alb]
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web[0].arn
  port              = 80

  default_action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.app["a"].arn
        weight = 1
      }

      target_group {
        arn    = aws_lb_target_group.app["b"].arn
        weight = 2
      }
    }
  }
}

resource "aws_lb_target_group" "app" {
  for_each = var.weights

  name     = "app-${each.key}"
  port     = 3000
  protocol = "HTTP"
  vpc_id   = "vpc-1"

  health_check {
    path    = "/"
    timeout = 5
  }

  lifecycle {
    ignore_changes       = [port, tags["x"]]
    replace_triggered_by = [aws_lb.web[0]]
  }
}

resource "aws_security_group" "alb" {
  description = "Says \"hi\" to C:\\temp, $${x} and %%{y}\nand to é"
  ingress = [
    {
      cidr_blocks      = ["10.0.0.0/8"]
      description      = null
      from_port        = 443
      ipv6_cidr_blocks = null
      prefix_list_ids  = null
      protocol         = "tcp"
      security_groups  = null
      self             = null
      to_port          = 443
    },
  ]
  name = "${local.name}-alb"
  tags = {
    Name  = upper(local.name)
    "x.y" = "1"
    "é"   = "à la carte"
  }
  vpc_id = "vpc-1"

  timeouts {
    create = "10m"
    delete = var.suffix == "dev" ? "5m" : "10m"
  }
}

import {
  to = aws_lb_target_group.app[each.key]
  for_each = {
    a = "arn:a"
  }
  id = each.value
}

moved {
  from = aws_lb.old
  to   = aws_lb.web
}

removed {
  from = aws_s3_bucket.site

  lifecycle {
    destroy = false
  }
}

check "health" {
  assert {
    condition     = data.aws_ssm_parameter.there.value != ""
    error_message = "It is gone."
  }

  data "aws_ssm_parameter" "there" {
    name = "/site/there"

    depends_on = [aws_lb.web]
  }
}

output "dns" {
  description = "not a $${template}"
  sensitive   = true
  value = {
    a = [1, null, local.name]
    b = aws_lb.web[0].dns_name
  }

  precondition {
    condition     = local.name != ""
    error_message = "It has a name."
  }

  depends_on = [aws_lb.web]
}
