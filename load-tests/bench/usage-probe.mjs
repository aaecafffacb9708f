// Loaded before the connector (`node --import`): tells its parent what this process has used so far, when asked.
process.on('message', () => process.send?.({ cpu: process.cpuUsage(), residentBytes: process.memoryUsage.rss() }));
// It does not keep the connector running.
process.channel?.unref();
