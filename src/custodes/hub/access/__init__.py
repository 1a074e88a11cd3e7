"""The one door to footage: policy, views, and the bytes behind them."""
