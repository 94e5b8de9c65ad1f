"""CDK for Terraform constructs, one AWS concern a file; nothing else imports cdktf."""
