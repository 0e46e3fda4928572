"""Which language a callback is made in unless the customer is noted with another."""

MANDARIN = "zh-CN"
