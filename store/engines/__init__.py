"""The engines that can hold the schema; each implements `store.port.Store`."""
