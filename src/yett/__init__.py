"""yett: Amazon API Gateway's front door, to run anywhere."""
