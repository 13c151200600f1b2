// Loaded before a child's own program (`node --import`). When the demo dies, however it dies, its channel closes and the child goes too.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.exit(0), 500).unref()
})
process.channel?.unref()
