"""What measuring scripts share: data, network, loss, and columns of their rows."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from sharpminima import backend, compilation
from sharpminima.data import datasets
from sharpminima.jobs import interruption, unfinished
from sharpminima.jobs.cost import Job
from sharpminima.jobs.unfinished import Steps, Store
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import builders, flops, parameters
from sharpminima.networks.parameters import Point
from sharpminima.storage import rows
from sharpminima.storage.rows import CARRIED, DIVERGED, identity_of_pair


class Context:
    """A measuring job, set up. Its clock starts when this object is made.

    Attributes:
        network: The `network` that was given.
        data: Both sets, on the device.
        model: The network; restore checkpoints and iterates into it.
        loss: The `MeasuredLoss` of the network on the data.
        made_with: Columns of every row that say what computed it.
        step: Does a step of the measure, or knows its result from before.

    Args:
        rule: The job's rule.
        dataset: Path of the prepared dataset.
        compiled: Path of the file that says how to compile.
        network: A `networks` entry of the config, and the `file` of its own builder.
        evaluation: The `evaluation` section of the config.
        subset: The `subset` section of the config.
        threads: How many cores the job may use.
        store: Makes the `Store` of what was done before, from the columns `made_with`.
    """

    def __init__(
        self,
        rule,
        *,
        dataset,
        compiled,
        network,
        evaluation,
        subset,
        threads,
        store=lambda made_with: Store(None),
    ):
        self._job, self.network = Job(rule), network
        # Set the threads and the way of compiling before anything computes.
        backend.configure(threads)
        compilation.use(compiled)
        self.data = backend.dataset_to_device(datasets.read(dataset, subset))
        self.model = builders.for_dataset(network, self.data)
        self.loss = MeasuredLoss(self.model, self.data, **evaluation)
        self.made_with = backend.describe()
        self._store = store(self.made_with)
        self.step = Steps(self._store, self.loss)
        self._batch_norm = evaluation["batch_norm"]

    @classmethod
    def of(cls, job) -> "Context":
        """Set up the job that Snakemake describes to its script as `snakemake`."""
        network = {**job.params.network, "file": job.resources.get("builder_file")}

        def store(made_with):
            parts = dict(job.params.items()), job.threads, made_with
            parts += (backend.device_names(),)
            key = unfinished.key_of(*parts, files=job.input)
            return Store(*unfinished.place(job), key)

        interruption.watch()
        return cls(
            job.rule,
            dataset=job.input.dataset,
            compiled=job.input.compiled,
            network=network,
            evaluation=job.params.evaluation,
            subset=job.params.subset,
            threads=job.threads,
            store=store,
        )

    def at_checkpoint(
        self, weights: str | Path, measure: Callable, not_measured: Callable
    ) -> tuple[list[dict], dict]:
        """Return the rows of one checkpoint, and its attributes.

        Args:
            weights: The checkpoint.
            measure: Maps its `Point` and the run's seed to rows.
            not_measured: Maps the seed to the rows of a run that diverged.
        """
        origin = parameters.attributes(weights)
        seed = origin["seed"]
        with backend.enough_memory("evaluation.batch_size"):
            if origin["status"] == DIVERGED:
                return list(not_measured(seed)), origin
            point = self.checked(parameters.restore(weights, self.model))
            return list(measure(point, seed)), origin

    def checked(self, point: Point) -> Point:
        """Return `point`, where the loss can be measured: evaluations agree there.

        Raises:
            ValueError: If they do not, so that nothing is written.
        """
        self.loss.check(point)
        return point

    def write(self, path: str | Path, found: Iterable[Mapping], origin: Mapping):
        """Write the rows `found` on one run as the CSV file `path`.

        Args:
            path: The file.
            found: What was measured.
            origin: The attributes of the run's checkpoint, which rows carry.
        """
        carried = {
            **{name: origin[name] for name in CARRIED},
            "batch_norm": self._batch_norm,
            "measure_examples": len(self.data.x_train),
        }
        # The run may have been trained elsewhere, with other versions.
        made_with = {**self.made_with, "trained_with": origin["versions"]}
        rows.write(path, [{**carried, **row, **made_with} for row in found])

    def columns_of_pair(self, origins: list[dict]) -> dict:
        """Return what rows of a comparison of two runs carry.

        Args:
            origins: The attributes of both checkpoints.
        """
        return {
            **identity_of_pair(origins),
            "batch_norm": self._batch_norm,
            "measure_examples": len(self.data.x_train),
            "test_examples": len(self.data.x_test),
            **self.made_with,
        }

    def write_cost(self, path: str | Path, identity: Mapping) -> None:
        """Write what the job cost up to now as the CSV file `path`.

        Args:
            path: The file.
            identity: Network, dataset and so on.
        """
        self._job.write(
            path,
            identity,
            device=self.made_with["device"],
            work=self.loss.work,
            flops_per_example=flops.per_example(self.model),
        )
        self._store.remove()
