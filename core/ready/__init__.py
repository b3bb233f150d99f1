"""Results that come with the project, so that its pages answer at the first start."""
