extension RuntimeConfiguration {
    /// The document as JSON; `seccomp`, a filter that is JSON already, takes the place of `linux.seccomp`.
    ///
    /// - Returns: UTF-8 text.
    public func encoded(seccomp: [UInt8]? = nil) -> [UInt8] {
        var text = JSONText(capacity: 12288 + (seccomp?.count ?? 0))
        text.object { text in
            text.field("ociVersion", ociVersion)
            text.key("process")
            process.write(to: &text)
            text.key("root")
            text.object { text in
                text.field("path", root.path)
                text.field("readonly", root.readonly)
            }
            text.field("hostname", hostname)
            text.field("mounts", mounts) { $1.write(to: &$0) }
            text.field("annotations", annotations)
            text.key("linux")
            linux.write(to: &text, seccomp: seccomp)
        }
        return text.bytes
    }
}

extension RuntimeProcess {
    /// The document as JSON, as `exec --process` takes it.
    public func encoded() -> [UInt8] {
        var text = JSONText(capacity: 4096)
        write(to: &text)
        return text.bytes
    }

    func write(to text: inout JSONText) {
        text.object { text in
            text.field("terminal", terminal)
            text.key("user")
            text.object { text in
                text.field("uid", user.uid)
                text.field("gid", user.gid)
                text.field("umask", user.umask)
                text.field("additionalGids", user.additionalGids) { $0.number($1) }
            }
            text.field("args", args)
            text.field("env", env)
            text.field("cwd", cwd)
            if let capabilities {
                text.key("capabilities")
                text.object { text in
                    text.field("bounding", capabilities.bounding)
                    text.field("effective", capabilities.effective)
                    text.field("inheritable", capabilities.inheritable)
                    text.field("permitted", capabilities.permitted)
                    text.field("ambient", capabilities.ambient)
                }
            }
            text.field("rlimits", rlimits) { text, limit in
                text.object { text in
                    text.field("type", limit.type)
                    text.field("hard", limit.hard)
                    text.field("soft", limit.soft)
                }
            }
            text.field("noNewPrivileges", noNewPrivileges)
            text.field("oomScoreAdj", oomScoreAdj)
        }
    }
}

extension RuntimeMount {
    func write(to text: inout JSONText) {
        text.object { text in
            text.field("destination", destination)
            text.field("type", type)
            text.field("source", source)
            text.field("options", options)
        }
    }
}

extension RuntimeLinux {
    func write(to text: inout JSONText, seccomp ready: [UInt8]?) {
        text.object { text in
            text.field("sysctl", sysctl)
            text.key("resources")
            resources.write(to: &text)
            text.field("cgroupsPath", cgroupsPath)
            text.field("namespaces", namespaces) { text, namespace in
                text.object { text in
                    text.field("type", namespace.type.rawValue)
                    text.field("path", namespace.path)
                }
            }
            text.field("devices", devices) { $1.write(to: &$0) }
            if let ready {
                text.key("seccomp")
                text.raw(ready)
            } else if let seccomp {
                text.key("seccomp")
                seccomp.write(to: &text)
            }
            text.field("rootfsPropagation", rootfsPropagation)
            text.field("maskedPaths", maskedPaths)
            text.field("readonlyPaths", readonlyPaths)
            if let personality {
                text.key("personality")
                text.object { $0.field("domain", personality.domain) }
            }
        }
    }
}

extension RuntimeResources {
    func write(to text: inout JSONText) {
        text.object { text in
            text.field("devices", devices) { text, rule in
                text.object { text in
                    text.field("allow", rule.allow)
                    text.field("type", rule.type)
                    text.field("major", rule.major)
                    text.field("minor", rule.minor)
                    text.field("access", rule.access)
                }
            }
            if let pids {
                text.key("pids")
                text.object { $0.field("limit", pids.limit) }
            }
            if let memory {
                text.key("memory")
                text.object { text in
                    text.field("limit", memory.limit)
                    text.field("reservation", memory.reservation)
                    text.field("swap", memory.swap)
                    text.field("swappiness", memory.swappiness)
                    text.field("disableOOMKiller", memory.disableOOMKiller)
                }
            }
            if let cpu {
                text.key("cpu")
                text.object { text in
                    text.field("shares", cpu.shares)
                    text.field("quota", cpu.quota)
                    text.field("period", cpu.period)
                    text.field("cpus", cpu.cpus)
                    text.field("mems", cpu.mems)
                    text.field("realtimeRuntime", cpu.realtimeRuntime)
                    text.field("realtimePeriod", cpu.realtimePeriod)
                }
            }
            if let blockIO {
                text.key("blockIO")
                blockIO.write(to: &text)
            }
        }
    }
}

extension RuntimeDevice {
    func write(to text: inout JSONText) {
        text.object { text in
            text.field("path", path)
            text.field("type", type)
            text.field("major", major)
            text.field("minor", minor)
            text.field("fileMode", fileMode)
            text.field("uid", uid)
            text.field("gid", gid)
        }
    }
}

extension RuntimeSeccomp {
    /// The filter as JSON, for `RuntimeConfiguration.encoded(seccomp:)`.
    public func encoded() -> [UInt8] {
        var text = JSONText()
        write(to: &text)
        return text.bytes
    }

    func write(to text: inout JSONText) {
        text.object { text in
            text.field("defaultAction", defaultAction)
            text.field("defaultErrnoRet", defaultErrnoRet)
            text.field("architectures", architectures)
            text.field("flags", flags)
            text.field("syscalls", syscalls) { text, rule in
                text.object { text in
                    text.field("names", rule.names)
                    text.field("action", rule.action)
                    text.field("errnoRet", rule.errnoRet)
                    text.field("args", rule.args) { text, argument in
                        text.object { text in
                            text.field("index", argument.index)
                            text.field("value", argument.value)
                            text.field("valueTwo", argument.valueTwo)
                            text.field("op", argument.op)
                        }
                    }
                }
            }
        }
    }
}
