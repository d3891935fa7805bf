"""Questions made from articles, so that a team gets an eval set for its own corpus."""
