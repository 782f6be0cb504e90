"""All students and the gate of a method in one autograd graph of one process, written from the papers.

Usage: whole_loss.py METHOD TEMPERATURE MEAN DEVIATION STEP.safetensors...

MEAN and DEVIATION are those of the channels, with commas between. For each step, a file of weights (student0/NAME, gate/NAME), images [N, H, W, channels] in 0..255, labels [N, C] and the
weight of the distillation; the gradients of the whole loss go to STEP.safetensors.gradients. Nothing of Cohort is imported
but the networks' definition, which both sides share.

    dml: sum_i [ CE(z_i, y) + w/(m-1) sum_{j != i} T^2 KL(p_j || p_i) ],  p_k = softmax_T(z_k), p_j constant
    one: sum_i CE(z_i, y) + CE(z_e, y) + w sum_i T^2 KL(softmax_T(z_e) || softmax_T(z_i)),  z_e = sum_k g_k z_k,
         z_e constant in the KL, not constant in CE(z_e, y); g = softmax(ReLU(BatchNorm(Linear(concat f_i))))
"""

import json
import struct
import sys

import torch
from nets import resnet8
from torch.nn import functional


def read(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        content = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F64", (name, entry)
        start, end = entry["data_offsets"]
        values = torch.frombuffer(bytearray(content[start:end]), dtype=torch.float64)
        tensors[name] = values.reshape(entry["shape"]).clone()
    return tensors


def write(path, tensors):
    header, content = {}, b""
    for name, tensor in sorted(tensors.items()):
        data = tensor.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": "F64",
            "shape": list(tensor.shape),
            "data_offsets": [len(content), len(content) + len(data)],
        }
        content += data
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + content)


def cross_entropy(logits, labels):
    return -(functional.log_softmax(logits, 1) * labels).sum() / len(labels)


def divergence(target, logits, temperature):
    student = functional.log_softmax(logits / temperature, 1)
    return temperature**2 * (target * (target.log() - student)).sum() / len(logits)


def dml(students, labels, weight, temperature):
    loss = 0
    for own, _ in students:
        loss = loss + cross_entropy(own, labels)
        for other, _ in students:
            if other is not own:
                target = functional.softmax(other / temperature, 1).detach()
                loss = loss + weight / (len(students) - 1) * divergence(target, own, temperature)
    return loss


def one(students, labels, weight, temperature, gate):
    linear = functional.linear(torch.cat([f for _, f in students], 1), gate["gate.weight"], gate["gate.bias"])
    normed = functional.batch_norm(linear, None, None, gate["norm.gamma"], gate["norm.beta"], True, 0.1, 1e-5)
    gates = functional.softmax(functional.relu(normed), 1)
    ensemble = sum(gates[:, i : i + 1] * z for i, (z, _) in enumerate(students))
    target = functional.softmax(ensemble / temperature, 1).detach()
    loss = cross_entropy(ensemble, labels)
    for own, _ in students:
        loss = loss + cross_entropy(own, labels) + weight * divergence(target, own, temperature)
    return loss


class Run:
    """What the networks are made for."""

    def __init__(self, channels, classes):
        self.image = (channels, 0, 0)
        self.classes = classes


def gradients(method, temperature, mean, deviation, step):
    labels = step["labels"]
    images = ((step["images"] / 255 - mean) / deviation).permute(0, 3, 1, 2)
    count = 1 + max(int(name[len("student") :].partition("/")[0]) for name in step if name.startswith("student"))
    nets, outputs = [], []
    for i in range(count):
        net = resnet8(Run(images.shape[1], labels.shape[1])).double()
        prefix = f"student{i}/"
        net.load_state_dict({n[len(prefix) :]: t for n, t in step.items() if n.startswith(prefix)}, strict=False)
        features = []
        net.fc.register_forward_pre_hook(lambda module, inputs, kept=features: kept.append(inputs[0]))
        outputs.append((net(images), features[0]))
        nets.append(net)
    gate = {n[len("gate/") :]: t.requires_grad_() for n, t in step.items() if n.startswith("gate/")}
    weight = float(step["weight"])
    loss = (
        dml(outputs, labels, weight, temperature)
        if method == "dml"
        else one(outputs, labels, weight, temperature, gate)
    )
    loss.backward()
    found = {f"student{i}/{n}": p.grad for i, net in enumerate(nets) for n, p in net.named_parameters()}
    found.update({f"gate/{n}": t.grad for n, t in gate.items() if t.grad is not None})
    return found


if __name__ == "__main__":
    name, at, *channels = sys.argv[1:5]
    mean, deviation = (torch.tensor([float(word) for word in c.split(",")], dtype=torch.float64) for c in channels)
    torch.set_num_threads(1)
    for path in sys.argv[5:]:
        write(path + ".gradients", gradients(name, float(at), mean, deviation, read(path)))
