/**
 * The beginning of a configuration of BIND that listens on one port of loopback, and writes and asks nothing by itself. With `querylog`, every question is
 * a line of its output.
 */
export function bindOptions(folder, port, { querylog = false } = {}) {
  return `options {
  directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  lock-file none;
  session-keyfile none;
  recursion no;
  querylog ${querylog ? 'yes' : 'no'};
  dnssec-validation no;
  allow-query { 127.0.0.1; };
};
controls { };
`
}
