"""The rules of IAM entities: names, paths, ARNs, quotas. What an operation does with them is `services/iam`."""
