"""Operations of Amazon Cognito user pools, a module per resource of the API reference. No rule, no HTTP."""
