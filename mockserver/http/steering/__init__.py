"""What users order: rules, faults and preferences."""
