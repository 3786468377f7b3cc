"""The codes of the platform's own messages, with their texts: trainings, exports, uploads."""

from __future__ import annotations

from .levels import LogLevel
from .messages import LogMessageCode, register_log_messages

__all__ = ['ExportLogMessageCode', 'TrainLogMessageCode', 'UploadLogMessageCode']


class TrainLogMessageCode(LogMessageCode):
    """What a training says."""

    TRAIN_STARTING = ('TRAIN_STARTING', LogLevel.INFO)
    TRAIN_EPOCH_PROGRESS = ('TRAIN_EPOCH_PROGRESS', LogLevel.INFO)
    TRAIN_VALIDATION_METRICS = ('TRAIN_VALIDATION_METRICS', LogLevel.INFO)
    TRAIN_COMPLETED = ('TRAIN_COMPLETED', LogLevel.SUCCESS)
    TRAIN_MODEL_SAVED = ('TRAIN_MODEL_SAVED', LogLevel.INFO)
    TRAIN_MODEL_UPLOADED = ('TRAIN_MODEL_UPLOADED', LogLevel.SUCCESS)
    TRAIN_FAILED_GPU_RESOURCE = ('TRAIN_FAILED_GPU_RESOURCE', LogLevel.ERROR)
    TRAIN_FAILED_RAY_CONNECTION = ('TRAIN_FAILED_RAY_CONNECTION', LogLevel.ERROR)
    TRAIN_FAILED_CONFIG = ('TRAIN_FAILED_CONFIG', LogLevel.ERROR)
    TRAIN_FAILED_MODEL_REGISTER = ('TRAIN_FAILED_MODEL_REGISTER', LogLevel.ERROR)
    TRAIN_FAILED_STEP = ('TRAIN_FAILED_STEP', LogLevel.ERROR)
    TRAIN_FAILED_ADMIN_CONTACT = ('TRAIN_FAILED_ADMIN_CONTACT', LogLevel.ERROR)


class ExportLogMessageCode(LogMessageCode):
    """What an export says."""

    EXPORT_INITIALIZED = ('EXPORT_INITIALIZED', LogLevel.INFO)
    EXPORT_NO_RESULTS = ('EXPORT_NO_RESULTS', LogLevel.WARNING)
    EXPORT_RESULTS_FETCHED = ('EXPORT_RESULTS_FETCHED', LogLevel.INFO)
    EXPORT_ALL_PROJECTS = ('EXPORT_ALL_PROJECTS', LogLevel.WARNING)
    EXPORT_PROJECTS = ('EXPORT_PROJECTS', LogLevel.WARNING)
    EXPORT_CONVERTING = ('EXPORT_CONVERTING', LogLevel.INFO)
    EXPORT_SAVING_FILES = ('EXPORT_SAVING_FILES', LogLevel.INFO)
    EXPORT_FILES_SAVED = ('EXPORT_FILES_SAVED', LogLevel.INFO)
    EXPORT_FILES_SAVED_WITH_FAILURES = ('EXPORT_FILES_SAVED_WITH_FAILURES', LogLevel.WARNING)
    EXPORT_COMPLETED = ('EXPORT_COMPLETED', LogLevel.SUCCESS)
    EXPORT_COMPLETED_WITH_FAILURES = ('EXPORT_COMPLETED_WITH_FAILURES', LogLevel.WARNING)
    EXPORT_FAILED_STEP = ('EXPORT_FAILED_STEP', LogLevel.ERROR)


class UploadLogMessageCode(LogMessageCode):
    """What an upload says."""

    UPLOAD_INITIALIZED = ('UPLOAD_INITIALIZED', LogLevel.INFO)
    UPLOAD_METADATA_LOADED = ('UPLOAD_METADATA_LOADED', LogLevel.INFO)
    UPLOAD_COLLECTION_ANALYZED = ('UPLOAD_COLLECTION_ANALYZED', LogLevel.INFO)
    UPLOAD_FILES_ORGANIZED = ('UPLOAD_FILES_ORGANIZED', LogLevel.INFO)
    UPLOAD_NO_FILES_FOUND = ('UPLOAD_NO_FILES_FOUND', LogLevel.WARNING)
    UPLOAD_VALIDATION_PASSED = ('UPLOAD_VALIDATION_PASSED', LogLevel.INFO)
    UPLOAD_FILES_UPLOADING = ('UPLOAD_FILES_UPLOADING', LogLevel.INFO)
    UPLOAD_FILES_COMPLETED = ('UPLOAD_FILES_COMPLETED', LogLevel.SUCCESS)
    UPLOAD_FILES_COMPLETED_WITH_FAILURES = ('UPLOAD_FILES_COMPLETED_WITH_FAILURES', LogLevel.WARNING)
    UPLOAD_DATA_UNITS_CREATING = ('UPLOAD_DATA_UNITS_CREATING', LogLevel.INFO)
    UPLOAD_DATA_UNITS_COMPLETED = ('UPLOAD_DATA_UNITS_COMPLETED', LogLevel.SUCCESS)
    UPLOAD_COMPLETED = ('UPLOAD_COMPLETED', LogLevel.SUCCESS)
    UPLOAD_FAILED_STEP = ('UPLOAD_FAILED_STEP', LogLevel.ERROR)


_TRAIN, _EXPORT, _UPLOAD = TrainLogMessageCode, ExportLogMessageCode, UploadLogMessageCode

register_log_messages(
    {
        _TRAIN.TRAIN_STARTING: {
            'en': 'The training begins: {epochs} epochs.',
            'ko': '학습을 시작합니다: {epochs} 에폭.',
        },
        _TRAIN.TRAIN_EPOCH_PROGRESS: {
            'en': 'Epoch {epoch} of {total_epochs} is done.',
            'ko': '{total_epochs} 에폭 중 {epoch} 에폭을 마쳤습니다.',
        },
        _TRAIN.TRAIN_VALIDATION_METRICS: {
            'en': [
                'Validation after epoch {epoch}: {metrics}',
                'Validation: mAP50 {map50}, mAP50-95 {map50_95}.',
            ],
            'ko': [
                '{epoch} 에폭 이후 검증 결과: {metrics}',
                '검증 결과: mAP50 {map50}, mAP50-95 {map50_95}.',
            ],
        },
        _TRAIN.TRAIN_COMPLETED: {'en': 'The training is done.', 'ko': '학습을 마쳤습니다.'},
        _TRAIN.TRAIN_MODEL_SAVED: {'en': 'The best weights are saved.', 'ko': '최적 가중치를 저장했습니다.'},
        _TRAIN.TRAIN_MODEL_UPLOADED: {
            'en': ['The model {name} is registered.', 'The model is registered.'],
            'ko': ['모델 {name}을(를) 등록했습니다.', '모델을 등록했습니다.'],
        },
        _TRAIN.TRAIN_FAILED_GPU_RESOURCE: {
            'en': 'The training stopped for want of GPU memory or of a GPU. Try a smaller batch or picture size.',
            'ko': 'GPU 또는 GPU 메모리가 부족하여 학습이 중단되었습니다. 배치나 이미지 크기를 줄여 보세요.',
        },
        _TRAIN.TRAIN_FAILED_RAY_CONNECTION: {
            'en': 'The cluster that trains cannot be reached.',
            'ko': '학습을 실행하는 클러스터에 연결할 수 없습니다.',
        },
        _TRAIN.TRAIN_FAILED_CONFIG: {
            'en': 'The settings of the training are wrong: {error}',
            'ko': '학습 설정이 잘못되었습니다: {error}',
        },
        _TRAIN.TRAIN_FAILED_MODEL_REGISTER: {
            'en': 'The training is done, and its model could not be registered: {error}',
            'ko': '학습은 끝났지만 모델을 등록하지 못했습니다: {error}',
        },
        _TRAIN.TRAIN_FAILED_STEP: {
            'en': [
                'The training failed in step {step_name}: {error}',
                'The training failed in step {failed_step}.',
            ],
            'ko': [
                '{step_name} 단계에서 학습이 실패했습니다: {error}',
                '{failed_step} 단계에서 학습이 실패했습니다.',
            ],
        },
        _TRAIN.TRAIN_FAILED_ADMIN_CONTACT: {
            'en': 'The training failed. Ask your administrator, with the number of this job.',
            'ko': '학습이 실패했습니다. 작업 번호와 함께 관리자에게 문의하세요.',
        },
    }
)

register_log_messages(
    {
        _EXPORT.EXPORT_INITIALIZED: {
            'en': ['Exporting to {path}.', 'The export begins.'],
            'ko': ['{path}(으)로 내보냅니다.', '내보내기를 시작합니다.'],
        },
        _EXPORT.EXPORT_NO_RESULTS: {'en': 'There is nothing to export.', 'ko': '내보낼 항목이 없습니다.'},
        _EXPORT.EXPORT_RESULTS_FETCHED: {
            'en': '{count} items are to be exported.',
            'ko': '내보낼 항목은 {count}개입니다.',
        },
        _EXPORT.EXPORT_ALL_PROJECTS: {
            'en': 'No project is named, so the items of all projects are taken: {count}. project=ID takes those of '
            'one.',
            'ko': '프로젝트를 지정하지 않아 모든 프로젝트의 항목 {count}개를 내보냅니다. '
            'project=ID로 하나를 고를 수 있습니다.',
        },
        _EXPORT.EXPORT_PROJECTS: {
            'en': 'No project is named, so the items of {projects} projects are taken: {count}. project=ID takes those '
            'of one.',
            'ko': '프로젝트를 지정하지 않아 프로젝트 {projects}개의 항목 {count}개를 내보냅니다. '
            'project=ID로 하나를 고를 수 있습니다.',
        },
        _EXPORT.EXPORT_CONVERTING: {'en': 'Converting {count} items.', 'ko': '항목 {count}개를 변환합니다.'},
        _EXPORT.EXPORT_SAVING_FILES: {
            'en': 'Writing {count} items.',
            'ko': '항목 {count}개를 저장합니다.',
        },
        _EXPORT.EXPORT_FILES_SAVED: {
            'en': '{count} items are written.',
            'ko': '항목 {count}개를 저장했습니다.',
        },
        _EXPORT.EXPORT_FILES_SAVED_WITH_FAILURES: {
            'en': '{success} items are written, {failed} could not be.',
            'ko': '항목 {success}개를 저장했고 {failed}개는 저장하지 못했습니다.',
        },
        _EXPORT.EXPORT_COMPLETED: {
            'en': ['The export is done: {count} items in {path}.', 'The export is done: {count} items.'],
            'ko': [
                '내보내기를 마쳤습니다: {path}에 항목 {count}개.',
                '내보내기를 마쳤습니다: 항목 {count}개.',
            ],
        },
        _EXPORT.EXPORT_COMPLETED_WITH_FAILURES: {
            'en': 'The export is done: {exported} items, {failed} are missing.',
            'ko': '내보내기를 마쳤습니다: {exported}개 완료, {failed}개 누락.',
        },
        _EXPORT.EXPORT_FAILED_STEP: {
            'en': [
                'The export failed in step {step_name}: {error}',
                'The export failed in step {failed_step}.',
            ],
            'ko': [
                '{step_name} 단계에서 내보내기가 실패했습니다: {error}',
                '{failed_step} 단계에서 내보내기가 실패했습니다.',
            ],
        },
        _UPLOAD.UPLOAD_INITIALIZED: {
            'en': ['Looking for files in {path}.', 'Looking for files.'],
            'ko': ['{path}에서 파일을 찾습니다.', '파일을 찾습니다.'],
        },
        _UPLOAD.UPLOAD_METADATA_LOADED: {
            'en': 'The metadata of {count} files is read.',
            'ko': '파일 {count}개의 메타데이터를 읽었습니다.',
        },
        _UPLOAD.UPLOAD_COLLECTION_ANALYZED: {
            'en': [
                'The data collection {name} has {count} file specifications.',
                'The data collection has {count} file specifications.',
            ],
            'ko': [
                '데이터 컬렉션 {name}의 파일 명세는 {count}개입니다.',
                '데이터 컬렉션의 파일 명세는 {count}개입니다.',
            ],
        },
        _UPLOAD.UPLOAD_FILES_ORGANIZED: {
            'en': ['{files} files make {count} data units.', '{count} data units are found.'],
            'ko': [
                '파일 {files}개로 데이터 유닛 {count}개를 구성했습니다.',
                '데이터 유닛 {count}개를 구성했습니다.',
            ],
        },
        _UPLOAD.UPLOAD_NO_FILES_FOUND: {
            'en': 'There are no files to upload.',
            'ko': '업로드할 파일이 없습니다.',
        },
        _UPLOAD.UPLOAD_VALIDATION_PASSED: {
            'en': '{count} data units are checked.',
            'ko': '데이터 유닛 {count}개를 검사했습니다.',
        },
        _UPLOAD.UPLOAD_FILES_UPLOADING: {
            'en': ['Uploading {count} files; {reused} are there already.', 'Uploading {count} files.'],
            'ko': [
                '파일 {count}개를 업로드합니다. {reused}개는 이미 있습니다.',
                '파일 {count}개를 업로드합니다.',
            ],
        },
        _UPLOAD.UPLOAD_FILES_COMPLETED: {
            'en': [
                '{success} files are uploaded; {reused} were there already.',
                '{success} files are uploaded.',
            ],
            'ko': [
                '파일 {success}개를 업로드했습니다. {reused}개는 이미 있었습니다.',
                '파일 {success}개를 업로드했습니다.',
            ],
        },
        _UPLOAD.UPLOAD_FILES_COMPLETED_WITH_FAILURES: {
            'en': [
                '{success} files are uploaded, {reused} were there already, {failed} are lost.',
                '{success} files are uploaded, {failed} are lost.',
            ],
            'ko': [
                '파일 {success}개를 업로드했고 {reused}개는 이미 있었으며 {failed}개는 실패했습니다.',
                '파일 {success}개를 업로드했고 {failed}개는 실패했습니다.',
            ],
        },
        _UPLOAD.UPLOAD_DATA_UNITS_CREATING: {
            'en': [
                'Creating {count} data units; {existing} are there already.',
                'Creating {count} data units.',
            ],
            'ko': [
                '데이터 유닛 {count}개를 만듭니다. {existing}개는 이미 있습니다.',
                '데이터 유닛 {count}개를 만듭니다.',
            ],
        },
        _UPLOAD.UPLOAD_DATA_UNITS_COMPLETED: {
            'en': [
                '{count} data units are created; {existing} were there already.',
                '{count} data units are created.',
            ],
            'ko': [
                '데이터 유닛 {count}개를 만들었습니다. {existing}개는 이미 있었습니다.',
                '데이터 유닛 {count}개를 만들었습니다.',
            ],
        },
        _UPLOAD.UPLOAD_COMPLETED: {
            'en': [
                (
                    'The upload is done: {sent} files were sent and {reused} were there already; '
                    '{data_units} data units were made and {existing} were there already.'
                ),
                'The upload is done: {files} files, {data_units} data units.',
            ],
            'ko': [
                (
                    '업로드를 마쳤습니다: 파일 {sent}개를 보냈고 {reused}개는 이미 있었습니다. '
                    '데이터 유닛 {data_units}개를 만들었고 {existing}개는 이미 있었습니다.'
                ),
                '업로드를 마쳤습니다: 파일 {files}개, 데이터 유닛 {data_units}개.',
            ],
        },
        _UPLOAD.UPLOAD_FAILED_STEP: {
            'en': 'The upload failed in step {step_name}: {error}',
            'ko': '{step_name} 단계에서 업로드가 실패했습니다: {error}',
        },
    }
)
