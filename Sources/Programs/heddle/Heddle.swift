import GatewayCommands

/// The command-line client of the gateway.
@main
struct Heddle {
  static func main() async { await HeddleProgram.main() }
}
