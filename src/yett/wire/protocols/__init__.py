"""The wire protocols, both ways: requests into parameters, results and errors into responses. No botocore, no I/O."""
