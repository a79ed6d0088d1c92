"""example_project/cdk, as docs/deploy.md has it."""
