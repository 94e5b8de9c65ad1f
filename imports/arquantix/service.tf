# aws_ecs_service arquantix-cluster/arquantix-coming-soon, read from a local stand-in for AWS on 2026-11-22
# by bascule 0.1.0 with Terraform 1.11.4 and AWS provider 5.100.0. `bascule adopt` writes this file.

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
}
