"""What versions of Kubeflow Pipelines do differently with a package, each difference a field.

Read from the sources of 2.0.5, 2.5.0, 2.15.0 and 2.17.0, and of the releases between them for where
each began. Paths are below backend/src/v2 of kubeflow/pipelines.
"""

from __future__ import annotations

from dataclasses import dataclass

_JOB = (
    "pipeline_job_name",
    "pipeline_job_resource_name",
    "pipeline_job_uuid",
    "pipeline_task_name",
    "pipeline_task_uuid",
)
_TIMES = ("pipeline_job_create_time_utc", "pipeline_job_schedule_time_utc")


@dataclass(frozen=True, kw_only=True)
class Kfp:
    """A version, with its default manifests.

    Attributes:
        name: Major and minor number.
        publishes_logs: Every step has an output artifact `executor-logs`, a file that is there
            before the step begins and gets what it says. From 2.5.0, by PUBLISH_LOGS=true of
            manifests/kustomize/base/pipeline/ml-pipeline-apiserver-deployment.yaml.
            driver/driver.go (`provisionOutputs`), component/launcher_v2.go (`getLogWriter`).
        keeps_logs_of_failures: That file is uploaded and recorded though the step failed. From
            2.16.0. component/launcher_v2.go (`executeV2`, `uploadOutputArtifacts`).
        numbers_logs: Its URI ends with the number of the attempt, from 0. From 2.16.1.
            component/launcher_v2.go (`qualifyExecutorLogsForRetry`).
        salts_uris: The URI of an output has a part of its own for each execution between task and
            name. From 2.5.0. driver/driver.go (`provisionOutputs`; 2.0: `generateOutputURI`).
        names_outputs: Output artifacts have a `name`, which the cache looks at too. From 2.15.0.
            driver/driver.go (`provisionOutputs`), cacheutils/cache.go (`GenerateCacheKey`).
        output_file_in_task_root: `outputFile` lies beside the outputs, not in `/tmp/kfp_outputs`.
            From 2.15.0. driver/driver.go (`provisionOutputs`).
        keys_have_claims: The cache looks at names of PersistentVolumeClaims. From 2.15.0.
            driver/container.go (`Container`), driver/cache.go (`getFingerPrint`).
        downloads_namesakes: A download takes every object whose key begins like the artifact's, so
            with `model` also what is in `model_run`, which lands beside it. Up to 2.16.1.
            objectstore/object_store.go (`DownloadBlob`; 2.17: `isBlobKeyUnderPrefix`).
        retries: A task's `retryPolicy` is followed. From 2.5.0.
            compiler/argocompiler/container.go (`getTaskRetryStrategy`).
        program_has_placeholders: The first word of a command may hold placeholders other than
            `{{$}}`. Before 2.14.0.
            component/launcher_v2.go (`executeV2`; 2.14: `compileCmdAndArgs`).
        job_placeholders: Constants that stand for something of the run.
            driver/resolve.go (`resolveInputParameter`; 2.5: driver/driver.go).
        has_nulls: An optional parameter of a run without a default may be left out; optional
            parameters of steps that come of it are left out likewise. From 2.5.0.
            compiler/argocompiler/argo.go (`Compile`), driver/driver.go (`ErrResolvedParameterNull`;
            2.15: resolve.go).
        keeps_session_info: Artifacts have a property that says how their store is reached. From
            2.3.0. metadata/client.go (`RecordArtifact`).
        store_endpoint: Where `minio://` is, unless ConfigMap `kfp-launcher` says otherwise.
            objectstore/config.go (2.0: object_store.go, `MinioDefaultEndpoint`).
        finds_store_in_variables: MINIO_SERVICE_SERVICE_HOST and _PORT go before that. Before
            2.15.0.
        reads_providers: `kfp-launcher` may name endpoint, region and secret for each scheme, in
            `providers`; before, `defaultPipelineRoot` only. From 2.2.0.
            config/env.go (`GetStoreSessionInfo`).
    """

    name: str
    publishes_logs: bool = True
    keeps_logs_of_failures: bool = True
    numbers_logs: bool = True
    salts_uris: bool = True
    names_outputs: bool = True
    output_file_in_task_root: bool = True
    keys_have_claims: bool = True
    downloads_namesakes: bool = False
    retries: bool = True
    program_has_placeholders: bool = False
    job_placeholders: tuple[str, ...] = (*_JOB, *_TIMES)
    has_nulls: bool = True
    keeps_session_info: bool = True
    store_endpoint: str = "seaweedfs.kubeflow:9000"
    finds_store_in_variables: bool = False
    reads_providers: bool = True


_MINIO = "minio-service.kubeflow:9000"

KFP_2_0 = Kfp(
    name="2.0",
    publishes_logs=False,
    keeps_logs_of_failures=False,
    numbers_logs=False,
    salts_uris=False,
    names_outputs=False,
    output_file_in_task_root=False,
    keys_have_claims=False,
    downloads_namesakes=True,
    retries=False,
    program_has_placeholders=True,
    job_placeholders=(),
    has_nulls=False,
    keeps_session_info=False,
    store_endpoint=_MINIO,
    finds_store_in_variables=True,
    reads_providers=False,
)
KFP_2_5 = Kfp(
    name="2.5",
    keeps_logs_of_failures=False,
    numbers_logs=False,
    names_outputs=False,
    output_file_in_task_root=False,
    keys_have_claims=False,
    downloads_namesakes=True,
    program_has_placeholders=True,
    job_placeholders=_JOB,
    store_endpoint=_MINIO,
    finds_store_in_variables=True,
)
KFP_2_15 = Kfp(
    name="2.15",
    keeps_logs_of_failures=False,
    numbers_logs=False,
    downloads_namesakes=True,
    job_placeholders=_JOB,
    store_endpoint=_MINIO,
)
KFP_2_17 = Kfp(name="2.17")

VERSIONS = (KFP_2_0, KFP_2_5, KFP_2_15, KFP_2_17)
NEWEST = VERSIONS[-1]
