"""Lambda's operations: functions, their permissions, their invocation. Processes are the runner's, behind its port."""
