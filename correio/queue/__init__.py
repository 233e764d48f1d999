"""Outbound mail: workers that claim what is due, hand it to a courier, and write down what became of it."""
