"""The network CAM++, which turns a filterbank of speech into a voice embedding.

H. Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking"
(arXiv 2303.00332). The names of the modules are those of the published weights.
"""

# Checked where torch is not installed.
# mypy: allow-subclassing-any

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

MEL_BINS = 80
DIMENSION = 192
_HEAD_CHANNELS = 32
# Of the layers of time: the first one's channels, and what each dense layer adds to them.
_CHANNELS = 128
_GROWTH = 32
_BOTTLENECK = 4 * _GROWTH
# Layers and dilation of each dense block.
_BLOCKS = ((12, 1), (24, 2), (16, 2))
# Frames of one segment of context. With frames of 20 ms that is 2 s.
_SEGMENT = 100


class CamPlusPlus(nn.Module):
    """Filterbanks of shape (batch, frames, `MEL_BINS`) to embeddings of shape (batch, `DIMENSION`)."""

    def __init__(self) -> None:
        super().__init__()
        self.head = _Head()
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            tdnn=_Unit(nn.Conv1d(_HEAD_CHANNELS * MEL_BINS // 8, _CHANNELS, 5, 2, 2, bias=False), _CHANNELS)
        )
        channels = _CHANNELS
        for number, (depth, dilation) in enumerate(_BLOCKS, 1):
            layers[f"block{number}"] = nn.Sequential(
                OrderedDict(
                    (f"tdnnd{at + 1}", _DenseLayer(channels + at * _GROWTH, dilation)) for at in range(depth)
                )
            )
            channels += depth * _GROWTH
            layers[f"transit{number}"] = _Transit(channels, channels // 2)
            channels //= 2
        layers["out_nonlinear"] = _normalised(channels)
        layers["stats"] = _Statistics()
        layers["dense"] = _Output(2 * channels)
        self.xvector = nn.Sequential(layers)

    def forward(self, filterbanks: Tensor) -> Tensor:
        """The embeddings; their length says nothing."""
        embeddings: Tensor = self.xvector(self.head(filterbanks.transpose(1, 2)))
        return embeddings


class _Head(nn.Module):
    """Residual convolutions over time and frequency, which leave an eighth of the frequencies."""

    def __init__(self) -> None:
        super().__init__()
        channels = _HEAD_CHANNELS
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(_Residual(2), _Residual(1))
        self.layer2 = nn.Sequential(_Residual(2), _Residual(1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, frequencies: Tensor) -> Tensor:
        maps = functional.relu(self.bn1(self.conv1(frequencies.unsqueeze(1))))
        maps = self.layer2(self.layer1(maps))
        return functional.relu(self.bn2(self.conv2(maps))).flatten(1, 2)


class _Residual(nn.Module):
    def __init__(self, stride: int) -> None:
        super().__init__()
        channels = _HEAD_CHANNELS
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, maps: Tensor) -> Tensor:
        inner = functional.relu(self.bn1(self.conv1(maps)))
        return functional.relu(self.bn2(self.conv2(inner)) + self.shortcut(maps))


class _Unit(nn.Module):
    """A convolution, then normalisation and rectification."""

    def __init__(self, linear: nn.Module, channels: int) -> None:
        super().__init__()
        self.linear = linear
        self.nonlinear = _normalised(channels)

    def forward(self, frames: Tensor) -> Tensor:
        result: Tensor = self.nonlinear(self.linear(frames))
        return result


class _DenseLayer(nn.Module):
    """Adds `_GROWTH` channels to those that it is given."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _normalised(channels)
        self.linear1 = nn.Conv1d(channels, _BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _normalised(_BOTTLENECK)
        self.cam_layer = _Masked(dilation)

    def forward(self, frames: Tensor) -> Tensor:
        added = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(frames))))
        return torch.cat([frames, added], dim=1)


class _Masked(nn.Module):
    """A convolution whose channels are weighted by the context: the whole, and each segment of it."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(
            _BOTTLENECK, _GROWTH, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.linear1 = nn.Conv1d(_BOTTLENECK, _BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(_BOTTLENECK // 2, _GROWTH, 1)

    def forward(self, frames: Tensor) -> Tensor:
        # One column for each segment: all frames of a segment have the same context.
        context = frames.mean(dim=-1, keepdim=True) + functional.avg_pool1d(
            frames, _SEGMENT, stride=_SEGMENT, ceil_mode=True
        )
        weights = torch.sigmoid(self.linear2(functional.relu(self.linear1(context))))
        weights = weights.repeat_interleave(_SEGMENT, dim=-1)[..., : frames.shape[-1]]
        return self.linear_local(frames) * weights


class _Transit(nn.Module):
    def __init__(self, channels: int, left: int) -> None:
        super().__init__()
        self.nonlinear = _normalised(channels)
        self.linear = nn.Conv1d(channels, left, 1, bias=False)

    def forward(self, frames: Tensor) -> Tensor:
        result: Tensor = self.linear(self.nonlinear(frames))
        return result


class _Statistics(nn.Module):
    """Mean and standard deviation of each channel over time."""

    def forward(self, frames: Tensor) -> Tensor:
        return torch.cat([frames.mean(dim=-1), frames.std(dim=-1)], dim=-1).unsqueeze(-1)


class _Output(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, DIMENSION, 1, bias=False)
        self.nonlinear = nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(DIMENSION, affine=False)))

    def forward(self, statistics: Tensor) -> Tensor:
        result: Tensor = self.nonlinear(self.linear(statistics).squeeze(-1))
        return result


def _normalised(channels: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU()))
