"""What is shown of finished products: the report, its sections, the pages beside it."""
