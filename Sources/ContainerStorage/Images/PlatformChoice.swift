internal import OCISpec

extension ImagePlatform {
    /// `os/architecture[/variant]`.
    var text: String { [os, architecture, variant].compactMap { $0 }.joined(separator: "/") }

    /// Variants of an architecture, each of which runs what is made for those behind it (containers/image,
    /// internal/pkg/platform).
    private static let variants = ["arm": ["v8", "v7", "v6", "v5"], "arm64": ["v8"]]

    /// The image of an index for this platform: of the best variant that this one runs, else one that names no
    /// platform.
    func choose(_ manifests: [ImageDescriptor]) -> ImageDescriptor? {
        let candidates = manifests.filter { !$0.isAttestation }
        for variant in acceptableVariants {
            let platform = ImagePlatform(architecture: architecture, os: os, variant: variant)
            if let found = candidates.first(where: { $0.platform.map(platform.isSame) ?? false }) { return found }
        }
        return candidates.first { $0.platform == nil }
    }

    /// The best first; nil for an image that names none. Without a wish, arm is v7 (containerd's platforms.Normalize).
    private var acceptableVariants: [String?] {
        let known = Self.variants[architecture] ?? []
        guard let wanted = variant ?? (architecture == "arm" ? "v7" : nil) else { return [nil] + known }
        return (known.firstIndex(of: wanted).map { Array(known[$0...]) } ?? [wanted]) + [nil]
    }

    private func isSame(_ other: ImagePlatform) -> Bool {
        let theirs = other.variant ?? ""
        return other.os == os && other.architecture == architecture && theirs == variant ?? ""
    }
}

extension ImageDescriptor {
    /// What BuildKit puts beside images: not for any machine.
    var isAttestation: Bool {
        platform?.os == "unknown" || annotations?["vnd.docker.reference.type"] != nil
    }
}
