"""A transformer on a few patches of the face, with its attention to look at."""

import torch
from torch import nn


class _Attention(nn.Module):
    """Multi-head self-attention that gives its weights."""

    def __init__(self, width: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.project, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """New tokens (sample, token, width), and weights (sample, head, token, token)."""
        n, t, width = tokens.shape
        parts = self.project(tokens).view(n, t, 3, self.n_head, width // self.n_head).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        weights = torch.softmax(query @ key.transpose(-2, -1) / (width // self.n_head) ** 0.5, dim=-1)
        return self.merge((weights @ value).transpose(1, 2).reshape(n, t, width)), weights


class _Layer(nn.Module):
    """Attention and two dense layers, each behind a normalisation and beside a shortcut."""

    def __init__(self, width: int, n_head: int, dropout: float) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.dropout = _Attention(width, n_head), nn.Dropout(dropout)
        self.dense = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """New tokens and the weights of the attention."""
        seen, weights = self.attention(self.before(tokens))
        tokens = tokens + self.dropout(seen)
        return tokens + self.dropout(self.dense(self.between(tokens))), weights


class PatchTransformer(nn.Module):
    """Transformer encoder on patches of pictures, a learnt place for every patch and a token that gathers the class.

    Parameters
    ----------
    n_class : int
        Outputs of the head.
    n_patch : int
        Patches of a face.
    patch_size : int
        Side of a patch, px.
    width : int
        Numbers of a token; a multiple of `n_head`.
    n_layer, n_head : int
        Layers of the encoder, and heads of each.
    dropout : float
        Share dropped behind every layer while it learns.

    Raises
    ------
    ValueError
        When a number is below 1, or the heads do not divide the width.

    References
    ----------
    Dosovitskiy et al. 2021, ICLR, arXiv 2010.11929. Vaswani et al. 2017, NeurIPS, arXiv 1706.03762.

    Examples
    --------
    >>> PatchTransformer(7, n_patch=14, patch_size=12)(torch.zeros(2, 14, 3, 12, 12)).shape
    torch.Size([2, 7])
    """

    def __init__(
        self,
        n_class: int,
        *,
        n_patch: int,
        patch_size: int,
        width: int = 64,
        n_layer: int = 3,
        n_head: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if min(n_class, n_patch, patch_size, width, n_layer, n_head) < 1 or width % n_head:
            raise ValueError(f"sizes are 1 at least and n_head divides width; given width {width}, n_head {n_head}")
        self.embed = nn.Linear(3 * patch_size**2, width)
        self.gather = nn.Parameter(torch.zeros(1, 1, width))
        self.place = nn.Parameter(torch.randn(1, n_patch + 1, width) * 0.02)
        self.layers = nn.ModuleList(_Layer(width, n_head, dropout) for _ in range(n_layer))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, n_class)

    def features(self, patches: torch.Tensor) -> torch.Tensor:
        """The gathering token (sample, width); patches (sample, patch, 3, row, column), RGB, 0 to 1."""
        return self._encode(patches)[0]

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Logits (sample, class)."""
        return self.head(self.features(patches))

    def attention(self, patches: torch.Tensor) -> torch.Tensor:
        """Weight (sample, layer, head, patch) of every patch for the gathering token; with its own they sum to 1."""
        return torch.stack([weights[:, :, 0, 1:] for weights in self._encode(patches)[1]], dim=1)

    def rollout(self, patches: torch.Tensor) -> torch.Tensor:
        """Share (sample, patch) of every patch in what the gathering token holds at the end; sums to 1.

        Heads are averaged, the shortcut counts half of every layer, layers are multiplied, and the share of the
        gathering token itself is left out (Abnar & Zuidema 2020, ACL, doi:10.18653/v1/2020.acl-main.385). It says
        where information could come from, not which patch decides.
        """
        mixed = torch.eye(patches.shape[1] + 1).expand(len(patches), -1, -1)
        for weights in self._encode(patches)[1]:
            mixed = (0.5 * weights.mean(dim=1) + 0.5 * torch.eye(mixed.shape[-1])) @ mixed
        share = mixed[:, 0, 1:]
        return share / share.sum(dim=1, keepdim=True)

    def _encode(self, patches: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        tokens = self.embed(patches.flatten(2) - 0.5)
        tokens = torch.cat([self.gather.expand(len(tokens), -1, -1), tokens], dim=1) + self.place
        seen = []
        for layer in self.layers:
            tokens, weights = layer(tokens)
            seen.append(weights)
        return self.norm(tokens[:, 0]), seen


def landmark_transformer(n_class: int = 8, *, width: int = 64, n_layer: int = 3) -> PatchTransformer:
    """Transformer on the 14 landmark patches of eyes, brows and mouth.

    Parameters
    ----------
    n_class : int
        Outputs.
    width, n_layer : int
        As in `PatchTransformer`.

    Returns
    -------
    PatchTransformer

    Examples
    --------
    >>> sum(p.numel() for p in landmark_transformer(8).parameters())
    129800
    """
    return PatchTransformer(n_class, n_patch=14, patch_size=12, width=width, n_layer=n_layer)


class GridTransformer(PatchTransformer):
    """The same encoder on a regular grid of patches of the whole crop (a vision transformer), to compare with.

    Parameters
    ----------
    n_class : int
        Outputs.
    size : int
        Side of the crops, px; a multiple of `patch_size`.
    patch_size : int
        Side of a patch, px.
    **options : any
        Of `PatchTransformer`.

    Raises
    ------
    ValueError
        When patches do not tile the crop; in use, when a crop has another size.

    Examples
    --------
    >>> GridTransformer(7, size=48)(torch.zeros(1, 3, 48, 48)).shape
    torch.Size([1, 7])
    """

    def __init__(self, n_class: int, *, size: int = 64, patch_size: int = 16, **options: int) -> None:
        if size % patch_size:
            raise ValueError(f"patches of {patch_size} px do not tile a crop of {size} px; choose a divisor")
        super().__init__(n_class, n_patch=(size // patch_size) ** 2, patch_size=patch_size, **options)
        self._patch, self._size = patch_size, size

    def _encode(self, patches: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        n, channel, rows, columns = patches.shape
        if rows != self._size or columns != self._size:
            raise ValueError(f"this network is for crops of {self._size} px; given {rows} x {columns}; set size")
        side = self._patch
        grid = patches.view(n, channel, rows // side, side, columns // side, side)
        return super()._encode(grid.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, channel, side, side))
