"""The ResNet-8 of nets.py with its feature maps named."""

from nets import resnet8

from cohort_learner import Student


def resnet8_with_maps(run):
    return Student(
        resnet8(run), maps={"stage1": "layer1", "stage2": "layer2", "stage3": "layer3", "last": "layer3"}
    )
