/** Where a guard that nobody listens to says what it could not undo. */
export function failedFile(socket: string): string {
  return socket.replace(/\.sock$/, '.failed')
}
