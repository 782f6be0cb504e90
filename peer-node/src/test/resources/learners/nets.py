"""Networks of the tests of learners in another process. A script without Cohort reads them, too."""

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """The basic block of a CIFAR ResNet with a parameter-free shortcut (He et al. 2016)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.added = filters - channels
        stride = 1 if self.added == 0 else 2
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)

    def forward(self, x):
        deep = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.added:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.added // 2, self.added - self.added // 2))
        return torch.relu(deep + x)


class ResNet8(nn.Module):
    """Cohort's resnet8, with the names of its weights."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16))
        self.layer2 = nn.Sequential(Block(16, 32))
        self.layer3 = nn.Sequential(Block(32, 64))
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean(dim=(2, 3)))


def resnet8(run):
    return ResNet8(run.image[0], run.classes)


def dropout(run):
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, run.classes)
    )


def raises(run):
    raise ZeroDivisionError("no layers today")
