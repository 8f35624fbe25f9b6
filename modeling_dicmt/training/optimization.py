"""Optimiser, schedule and running average of the weights."""

import torch
from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel
from transformers import get_scheduler

from .arguments import OptimizationArguments


def create_optimizer(model: nn.Module, arguments: OptimizationArguments) -> Optimizer:
    """Adam with decoupled weight decay; the encoder has its own learning rate, vectors have no decay."""
    rate = arguments.learning_rate
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            of_encoder = ".representation.encoder." in name
            groups.setdefault((of_encoder, parameter.ndim > 1), []).append(parameter)
    return AdamW(
        [
            {
                "params": parameters,
                "lr": getattr(arguments, "encoder_learning_rate", rate) if of_encoder else rate,
                "weight_decay": arguments.weight_decay if decays else 0.0,
            }
            for (of_encoder, decays), parameters in groups.items()
        ],
        fused=True,
    )


def create_scheduler(optimizer: Optimizer, arguments: OptimizationArguments, num_steps: int) -> LambdaLR:
    """Warm-up, then the schedule asked for, over `num_steps` optimiser steps."""
    return get_scheduler(
        arguments.lr_scheduler_type,
        optimizer,
        num_warmup_steps=min(arguments.warmup_steps, num_steps // 10),
        num_training_steps=num_steps,
    )


def advance_scheduler(scheduler: LambdaLR, num_steps: int) -> None:
    """Put a schedule that has not begun to where it is after `num_steps` steps: the rates are a function of them."""
    rates = [base * factor(num_steps) for base, factor in zip(scheduler.base_lrs, scheduler.lr_lambdas, strict=True)]
    for group, rate in zip(scheduler.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    scheduler.last_epoch, scheduler._last_lr = num_steps, rates


class WeightAverage(AveragedModel):
    """Exponential running average of a model's weights.

    Early on the average forgets faster, by the usual (1 + n) / (10 + n), so that it is of use from the first epochs.

    Args:
        model: The model whose weights are averaged.
        decay: Share of the average that a step keeps.
    """

    def __init__(self, model: nn.Module, decay: float):
        def average(averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor | int) -> None:
            keep = min(decay, (1 + int(count)) / (10 + int(count)))
            pairs = zip(averaged, current, strict=True)
            changing = [pair for pair in pairs if pair[0].data_ptr() != pair[1].data_ptr()]
            torch._foreach_lerp_(*map(list, zip(*changing, strict=True)), 1 - keep)

        super().__init__(model, multi_avg_fn=torch.no_grad()(average))
        # What is not trained, which may be most of a network, is its own average, in the same memory.
        for averaged, current in zip(self.module.parameters(), model.parameters(), strict=True):
            if not current.requires_grad:
                averaged.data = current.data
