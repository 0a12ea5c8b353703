import AdapterKit
import DeviceProfiles
import TimeSource

/// Commands and refreshes on the bus.
extension ModbusLink {
  private enum Outcome {
    case done, again
    case fault(CommandFault)
  }

  /// Does the next operation of a job.
  func performJob(_ index: Int) async {
    let job = jobs[index]
    if job.isFinished { return finish(index, nil) }
    let outcome =
      switch job.work {
      case .write(let operations): await perform(operations[0], of: job, at: index)
      case .refresh(let ranges): await refresh(ranges[0], of: job)
      }
    switch outcome {
    case .again: return
    case .fault(let fault): finish(index, fault)
    case .done:
      advance(index)
      if jobs[index].isFinished { finish(index, nil) }
    }
  }

  private func perform(_ operation: WireOperation, of job: LinkJob, at index: Int) async -> Outcome {
    if let range = operation.registerToRead, job.present == nil {
      return await readBefore(operation, range, of: job, at: index)
    }
    guard let request = operation.modbusRequest(after: job.present ?? 0) else {
      if case .wait(let duration) = operation { jobs[index].notBefore = time.monotonic() + duration }
      return .done
    }
    guard case .failure(let failure) = await exchange(request, with: job.endpoint, unit: operation.otherUnit) else {
      return .done
    }
    if failure == .exception(6), postpone(index) { return .again }
    // The device did not answer: that counts for its health as it does in a poll.
    if failure.isSilence, operation.otherUnit == nil {
      note(.failure("\(operation): \(failure.reason)"), of: job.endpoint)
    }
    return .fault(job.fault(failure, operation: "\(operation)"))
  }

  /// Reads the register whose bits are to be changed. The job stays the next of its endpoint, so that nothing else goes
  /// to the endpoint between this and the write; other devices of the bus may.
  private func readBefore(
    _ operation: WireOperation, _ range: RegisterRange, of job: LinkJob, at index: Int
  ) async -> Outcome {
    switch await exchange(.read(range), with: job.endpoint, unit: range.unit) {
    case .success(let values):
      jobs[index].present = values.first
      return .again
    case .failure(let failure):
      if failure == .exception(6), postpone(index) { return .again }
      if failure.isSilence, range.unit == nil { note(.failure("\(range): \(failure.reason)"), of: job.endpoint) }
      return .fault(job.fault(failure, operation: "\(operation)", isRead: true))
    }
  }

  /// A busy device took nothing: the same operation comes again after a pause, a few times. A register whose bits are
  /// changed is read again, because the device may have changed it since.
  ///
  /// - Returns: whether there is another attempt.
  private func postpone(_ index: Int) -> Bool {
    guard jobs[index].busyAnswers < LinkJob.busyLimit else { return false }
    jobs[index].busyAnswers += 1
    jobs[index].present = nil
    jobs[index].notBefore = time.monotonic() + LinkJob.busyPause
    return true
  }

  private func refresh(_ range: RegisterRange, of job: LinkJob) async -> Outcome {
    let request = ModbusEndpoint.Read(range: range, pollClass: .fast, due: time.monotonic(), isRefresh: true)
    switch await read(request, of: job.endpoint) {
    case .done: return .done
    case .again: return .again
    case .failed(let failure):
      let isFault = (failure.isSilence && range.unit == nil) || failure == .exception(6)
      return isFault ? .fault(job.fault(failure, operation: "\(range)")) : .done
    }
  }

  private func advance(_ index: Int) {
    jobs[index].done += 1
    jobs[index].present = nil
    jobs[index].busyAnswers = 0
    switch jobs[index].work {
    case .write(let operations): jobs[index].work = .write(Array(operations.dropFirst()))
    case .refresh(let ranges): jobs[index].work = .refresh(Array(ranges.dropFirst()))
    }
  }

  private func finish(_ index: Int, _ fault: CommandFault?) { jobs.remove(at: index).finish(fault) }

  /// Ends all jobs because the link is down.
  func failJobs(_ reason: String) {
    let waiting = jobs
    jobs = []
    for job in waiting { job.finish(job.fault(.notSent(reason), operation: "link \(configuration.name)")) }
  }
}

extension ModbusFailure {
  /// Whether the device itself said nothing that can be used.
  fileprivate var isSilence: Bool {
    switch self {
    case .timeout, .closed, .garbled, .notSent, .exception(10), .exception(11): true
    case .exception: false
    }
  }
}
