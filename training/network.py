"""The reader as a torch module: the bundled e5 encoder with a segment embedding and three heads."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 12
LAYER_NORM_EPS = 1e-12


class Logits(NamedTuple):
    """`start`, `end`: shape (batch, tokens), the null span at token 0. `relevance`, `answerable`: (batch,)."""

    start: Tensor
    end: Tensor
    relevance: Tensor
    answerable: Tensor


class Block(nn.Module):
    """One transformer layer of BERT (normalised after the residual sum)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, LAYER_NORM_EPS)
        self.feed_in = nn.Linear(width, inner)
        self.feed_out = nn.Linear(inner, width)
        self.out_norm = nn.LayerNorm(width, LAYER_NORM_EPS)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """`x`: (batch, tokens, width). `mask`: what is added to attention scores, (batch, 1, 1, tokens)."""
        x = self.attention_norm(x + self.attention_out(self._attend(self.qkv(x), mask)))
        return self.out_norm(x + self.feed_out(functional.gelu(self.feed_in(x))))

    def _attend(self, qkv: Tensor, mask: Tensor | None) -> Tensor:
        batch, tokens, triple = qkv.shape
        query, key, value = qkv.view(batch, tokens, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        # Written out because torch's fused attention has a backward pass three times as slow on a CPU.
        with torch.autocast("cpu", enabled=False):
            scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
            if mask is not None:
                scores = scores + mask.to(scores.dtype)
            context = scores.softmax(-1) @ value
        return context.transpose(1, 2).reshape(batch, tokens, triple // 3)


class ReaderNet(nn.Module):
    """Three heads on one pass over `<s> question </s> [title </s>] passage </s>`."""

    def __init__(self, pieces: int, width: int, inner: int, layers: int, positions: int) -> None:
        super().__init__()
        self.words = nn.Embedding(pieces, width)
        self.words.weight.requires_grad_(False)
        self.positions = nn.Embedding(positions, width)
        self.segments = nn.Embedding(2, width)
        nn.init.zeros_(self.segments.weight)
        self.embedding_norm = nn.LayerNorm(width, LAYER_NORM_EPS)
        self.layers = nn.ModuleList(Block(width, inner) for _ in range(layers))
        self.span = nn.Linear(width, 2)
        self.passage = nn.Linear(width, 2)
        self.frozen = 0
        """How many layers, from the first on, learn no more: a fifth of the time for every three of twelve."""

    def forward(self, ids: Tensor, segments: Tensor, lengths: Tensor) -> Logits:
        """`ids`, `segments`: (batch, tokens), padded at the end. `lengths`: (batch,)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        inside = places[None] < lengths[:, None]
        mask = None if bool(inside.all()) else torch.where(inside, 0.0, -1e4)[:, None, None]
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            x = self.embedding_norm(self.words(ids) + self.positions(places) + self.segments(segments))
        for number, layer in enumerate(self.layers):
            with torch.set_grad_enabled(torch.is_grad_enabled() and number >= self.frozen):
                x = layer(x, mask)
        spans = self.span(x).float()
        allowed = (segments == 1) | (places == 0)[None]
        spans = spans.masked_fill(~allowed[..., None], -1e4)
        judged = self.passage(x[:, 0]).float()
        return Logits(spans[..., 0], spans[..., 1], judged[:, 0], judged[:, 1])
