import ArgumentParser
import DeviceProfiles

/// `heddle profile schema`: what editors need to complete and check a profile while it is written.
struct ProfileSchemaCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "The JSON Schema of profiles, for editors.",
    discussion: """
      It is installed as profile.schema.json beside the profiles. Editors with yaml-language-server take it from a \
      profile's first line: '# yaml-language-server: $schema=/usr/share/heddle/device-profiles/profile.schema.json'.
      """)

  @OptionGroup var options: ProfileOptions

  func run(on bench: ProfileBench) throws -> ExitStatus {
    bench.output.write(ProfileSchema.json)
    return .fine
  }
}
