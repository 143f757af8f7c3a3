"""The table of contents: everything that Taskward can do, a line each."""

from dataclasses import dataclass

from application.accounts import ChangeMe, CloseAccount, CreateAdmin, GetMe, Register
from application.administration import ChangeUser, FindAccounts, ListUsers, ManageAccount
from application.audit import ListAccountEvents, ListEvents, VerifyLog
from application.authentication import (
    Authenticate,
    AuthenticateBrowser,
    CheckSession,
    ListCsrfTokens,
    Refresh,
    RenewBrowser,
    SignIn,
    SignInBrowser,
    SignOut,
)
from application.bulk import ChangeTasks, CreateTasks, DeleteFoundTasks, DeleteTasks
from application.documents import (
    ChangeDocument,
    CreateDocument,
    DeleteDocument,
    GetDocument,
    ListDocuments,
    ReplaceDocument,
)
from application.limiting import CountRequest
from application.operations import CheckReadiness
from application.organizations import (
    AcceptInvitation,
    ChangeMemberRole,
    DissolveOrganization,
    FoundOrganization,
    GetOrganization,
    Invite,
    ListInvitations,
    ListMembers,
    ListOrganizations,
    RemoveMember,
    RenameOrganization,
    RevokeInvitation,
)
from application.passwords import ChangePassword, ConfirmPasswordReset, RequestPasswordReset
from application.refusals import RecordForgery
from application.removal import SweepRemains
from application.repeating import AnswerOnce
from application.retention import PurgeExpiredTrash
from application.sealing import SealGrownLogs, SealLeftEvents
from application.sessions import EndAllSessions, EndSession, ListSessions
from application.settings import DeleteSetting, GetSetting, ListSettings, PutSetting
from application.sweeping import SweepLeftovers
from application.tags import ChangeTag, CreateTag, DeleteTag, GetTag, ListTags
from application.task_lists import ListTasks, ListTrash
from application.tasks import (
    ChangeTask,
    CompleteTask,
    CreateTask,
    DeleteTask,
    GetTask,
    ReplaceTask,
    ToggleTask,
    TransferTask,
)
from application.trash import EmptyTrash, PurgeTask, RestoreTask
from application.verifying import InspectLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """All use cases, wired. An entrypoint holds one of these and nothing else of the inside."""

    authenticate: Authenticate
    count_request: CountRequest
    check_session: CheckSession
    record_forgery: RecordForgery
    answer_once: AnswerOnce
    sign_in: SignIn
    sign_in_browser: SignInBrowser
    authenticate_browser: AuthenticateBrowser
    renew_browser: RenewBrowser
    list_csrf_tokens: ListCsrfTokens
    refresh: Refresh
    sign_out: SignOut
    list_sessions: ListSessions
    end_session: EndSession
    end_all_sessions: EndAllSessions

    register: Register
    create_admin: CreateAdmin
    get_me: GetMe
    change_me: ChangeMe
    close_account: CloseAccount

    list_users: ListUsers
    change_user: ChangeUser
    find_accounts: FindAccounts
    manage_account: ManageAccount

    change_password: ChangePassword
    request_password_reset: RequestPasswordReset
    confirm_password_reset: ConfirmPasswordReset

    found_organization: FoundOrganization
    list_organizations: ListOrganizations
    get_organization: GetOrganization
    rename_organization: RenameOrganization
    dissolve_organization: DissolveOrganization
    list_members: ListMembers
    change_member_role: ChangeMemberRole
    remove_member: RemoveMember
    invite: Invite
    list_invitations: ListInvitations
    revoke_invitation: RevokeInvitation
    accept_invitation: AcceptInvitation

    list_tasks: ListTasks
    list_trash: ListTrash
    get_task: GetTask
    create_task: CreateTask
    replace_task: ReplaceTask
    change_task: ChangeTask
    complete_task: CompleteTask
    toggle_task: ToggleTask
    delete_task: DeleteTask
    transfer_task: TransferTask
    create_tasks: CreateTasks
    change_tasks: ChangeTasks
    delete_tasks: DeleteTasks
    delete_found_tasks: DeleteFoundTasks
    restore_task: RestoreTask
    purge_task: PurgeTask
    empty_trash: EmptyTrash

    list_tags: ListTags
    get_tag: GetTag
    create_tag: CreateTag
    change_tag: ChangeTag
    delete_tag: DeleteTag

    list_documents: ListDocuments
    get_document: GetDocument
    create_document: CreateDocument
    replace_document: ReplaceDocument
    change_document: ChangeDocument
    delete_document: DeleteDocument

    list_settings: ListSettings
    get_setting: GetSetting
    put_setting: PutSetting
    delete_setting: DeleteSetting

    list_events: ListEvents
    list_account_events: ListAccountEvents
    verify_log: VerifyLog
    inspect_log: InspectLog
    seal_grown_logs: SealGrownLogs
    seal_left_events: SealLeftEvents

    sweep_leftovers: SweepLeftovers
    sweep_remains: SweepRemains
    purge_expired_trash: PurgeExpiredTrash
    check_readiness: CheckReadiness
