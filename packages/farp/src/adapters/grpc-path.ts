/** Whether a path is that of a gRPC method: `/package.Service/Method`. */
export function isGrpcPath(path: string): boolean {
  const [root, service = '', method = '', ...more] = path.split('/')
  return root === '' && more.length === 0 && service.length <= 512 && service.split('.').every(isName) && isName(method)
}

function isName(name: string): boolean {
  return /^[A-Za-z_]\w{0,254}$/.test(name)
}
