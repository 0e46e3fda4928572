"""Read queries for pages: one file a page, plain dicts out, never a decision and never a write."""
