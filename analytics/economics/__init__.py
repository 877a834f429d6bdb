"""What money buys: resolutions, waste, savings, forecasts, unit economics, and the provider's bill beside ours."""
