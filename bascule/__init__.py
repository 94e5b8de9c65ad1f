"""Operations around Terraform that move a live CloudFront site from S3 to a container service behind an ALB."""

__version__ = "0.1.0"
