"""The LLM as answerer: it writes, rules verify; what no quote supports never leaves."""
