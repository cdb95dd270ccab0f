"""IAM: its operations, and the two steps that every AWS API takes: `authentication` and `authorization`."""
