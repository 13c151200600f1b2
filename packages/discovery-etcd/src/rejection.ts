import { clean, Outage, Refusal } from '@octopus-gateway/discovery-support'

/** What etcd answers instead of what was asked for, by the numbers of gRPC. */
export interface Rejection {
  readonly code: number
  readonly message: string
}

const INVALID_ARGUMENT = 3
const PERMISSION_DENIED = 7
const UNAUTHENTICATED = 16

/** Whether another token may help: etcd forgets one that was not used for a while, and all of them when users change. */
export function isStaleToken({ code, message }: Rejection): boolean {
  return code === UNAUTHENTICATED || (code === INVALID_ARGUMENT && /user name is empty|revision of auth store is old/.test(message))
}

/** What is to be done. `name` is `etcd at http://127.0.0.1:2379`, `subject` what was asked for, anonymously or with credentials. */
export function refusalOf(
  name: string,
  { code, message }: Rejection,
  { subject, isAnonymous }: { readonly subject: string; readonly isAnonymous: boolean },
): Outage {
  const said = clean(message)
  // To etcd, who shows a certificate is somebody, though nobody whom it knows.
  if (message.includes('user name is empty') || (isAnonymous && code === PERMISSION_DENIED))
    return new Refusal(`${name} demands credentials ("${said}"): give username and password.`)
  if (code === PERMISSION_DENIED)
    return new Refusal(
      `${name} does not let the user read ${subject} (permission denied): grant one of its roles to read it (etcdctl role grant-permission <role> --prefix=true read <prefix>), or leave it out of prefixes.`,
    )
  if (message.includes('authentication failed'))
    return new Refusal(`${name} refuses the credentials ("${said}"): check username and password.`)
  if (/connection closed|transport is closing/.test(message))
    return new Outage(
      `${name} cannot reach itself ("${said}"): with --client-cert-auth its own certificate must be good for clients as well, because its JSON gateway is one.`,
    )
  return new Outage(`${name} answered "${said}" to the question for ${subject}.`)
}
