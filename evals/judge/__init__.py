"""An LLM as judge: for reports only, never for the gate."""
