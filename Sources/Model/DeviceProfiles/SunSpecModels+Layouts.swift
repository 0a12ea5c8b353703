/// The standard layouts, as data.
///
/// Source: the SunSpec Alliance's model definitions (https://github.com/sunspec/models, folder `json`, Apache-2.0).
/// A point is written `name:type*scaleFactor`, with `!` behind it where the standard lets it be written; points stand
/// in register order from the model's third register (behind ID and length), so types give the offsets.
extension SunSpecModels {
  struct Layout {
    var models: [UInt16]
    var points: String
    var groups: [Group] = []
  }

  /// Points behind the fixed ones: once, or repeated until the model ends.
  struct Group {
    var name: String
    var isRepeated: Bool
    var points: String
  }

  static let layouts: [Layout] = [
    // Common.
    Layout(
      models: [1],
      points: """
        Mn:text16 Md:text16 Opt:text8 Vr:text8 SN:text16 DA:u16! Pad:pad
        """),
    // Inverter, integer with scale factors.
    Layout(
      models: [101, 102, 103],
      points: """
        A:u16*A_SF AphA:u16*A_SF AphB:u16*A_SF AphC:u16*A_SF A_SF:sf PPVphAB:u16*V_SF PPVphBC:u16*V_SF
        PPVphCA:u16*V_SF PhVphA:u16*V_SF PhVphB:u16*V_SF PhVphC:u16*V_SF V_SF:sf W:i16*W_SF W_SF:sf
        Hz:u16*Hz_SF Hz_SF:sf VA:i16*VA_SF VA_SF:sf VAr:i16*VAr_SF VAr_SF:sf PF:i16*PF_SF PF_SF:sf
        WH:acc32*WH_SF WH_SF:sf DCA:u16*DCA_SF DCA_SF:sf DCV:u16*DCV_SF DCV_SF:sf DCW:i16*DCW_SF DCW_SF:sf
        TmpCab:i16*Tmp_SF TmpSnk:i16*Tmp_SF TmpTrns:i16*Tmp_SF TmpOt:i16*Tmp_SF Tmp_SF:sf St:enum16
        StVnd:enum16 Evt1:bits32 Evt2:bits32 EvtVnd1:bits32 EvtVnd2:bits32 EvtVnd3:bits32 EvtVnd4:bits32
        """),
    // Inverter, float.
    Layout(
      models: [111, 112, 113],
      points: """
        A:f32 AphA:f32 AphB:f32 AphC:f32 PPVphAB:f32 PPVphBC:f32 PPVphCA:f32 PhVphA:f32 PhVphB:f32 PhVphC:f32
        W:f32 Hz:f32 VA:f32 VAr:f32 PF:f32 WH:f32 DCA:f32 DCV:f32 DCW:f32 TmpCab:f32 TmpSnk:f32 TmpTrns:f32
        TmpOt:f32 St:enum16 StVnd:enum16 Evt1:bits32 Evt2:bits32 EvtVnd1:bits32 EvtVnd2:bits32 EvtVnd3:bits32
        EvtVnd4:bits32
        """),
    // Nameplate.
    Layout(
      models: [120],
      points: """
        DERTyp:enum16 WRtg:u16*WRtg_SF WRtg_SF:sf VARtg:u16*VARtg_SF VARtg_SF:sf VArRtgQ1:i16*VArRtg_SF
        VArRtgQ2:i16*VArRtg_SF VArRtgQ3:i16*VArRtg_SF VArRtgQ4:i16*VArRtg_SF VArRtg_SF:sf ARtg:u16*ARtg_SF
        ARtg_SF:sf PFRtgQ1:i16*PFRtg_SF PFRtgQ2:i16*PFRtg_SF PFRtgQ3:i16*PFRtg_SF PFRtgQ4:i16*PFRtg_SF
        PFRtg_SF:sf WHRtg:u16*WHRtg_SF WHRtg_SF:sf AhrRtg:u16*AhrRtg_SF AhrRtg_SF:sf
        MaxChaRte:u16*MaxChaRte_SF MaxChaRte_SF:sf MaxDisChaRte:u16*MaxDisChaRte_SF MaxDisChaRte_SF:sf Pad:pad
        """),
    // Basic settings.
    Layout(
      models: [121],
      points: """
        WMax:u16*WMax_SF! VRef:u16*VRef_SF! VRefOfs:i16*VRefOfs_SF! VMax:u16*VMinMax_SF! VMin:u16*VMinMax_SF!
        VAMax:u16*VAMax_SF! VArMaxQ1:i16*VArMax_SF! VArMaxQ2:i16*VArMax_SF! VArMaxQ3:i16*VArMax_SF!
        VArMaxQ4:i16*VArMax_SF! WGra:u16*WGra_SF! PFMinQ1:i16*PFMin_SF! PFMinQ2:i16*PFMin_SF!
        PFMinQ3:i16*PFMin_SF! PFMinQ4:i16*PFMin_SF! VArAct:enum16! ClcTotVA:enum16!
        MaxRmpRte:u16*MaxRmpRte_SF! ECPNomHz:u16*ECPNomHz_SF! ConnPh:enum16! WMax_SF:sf VRef_SF:sf
        VRefOfs_SF:sf VMinMax_SF:sf VAMax_SF:sf VArMax_SF:sf WGra_SF:sf PFMin_SF:sf MaxRmpRte_SF:sf
        ECPNomHz_SF:sf
        """),
    // Measurements and status.
    Layout(
      models: [122],
      points: """
        PVConn:bits16 StorConn:bits16 ECPConn:bits16 ActWh:acc64 ActVAh:acc64 ActVArhQ1:acc64 ActVArhQ2:acc64
        ActVArhQ3:acc64 ActVArhQ4:acc64 VArAval:i16*VArAval_SF VArAval_SF:sf WAval:u16*WAval_SF WAval_SF:sf
        StSetLimMsk:bits32 StActCtl:bits32 TmSrc:text4 Tms:u32 RtSt:bits16 Ris:u16*Ris_SF Ris_SF:sf
        """),
    // Immediate controls.
    Layout(
      models: [123],
      points: """
        Conn_WinTms:u16! Conn_RvrtTms:u16! Conn:enum16! WMaxLimPct:u16*WMaxLimPct_SF! WMaxLimPct_WinTms:u16!
        WMaxLimPct_RvrtTms:u16! WMaxLimPct_RmpTms:u16! WMaxLim_Ena:enum16! OutPFSet:i16*OutPFSet_SF!
        OutPFSet_WinTms:u16! OutPFSet_RvrtTms:u16! OutPFSet_RmpTms:u16! OutPFSet_Ena:enum16!
        VArWMaxPct:i16*VArPct_SF! VArMaxPct:i16*VArPct_SF! VArAvalPct:i16*VArPct_SF! VArPct_WinTms:u16!
        VArPct_RvrtTms:u16! VArPct_RmpTms:u16! VArPct_Mod:enum16! VArPct_Ena:enum16! WMaxLimPct_SF:sf
        OutPFSet_SF:sf VArPct_SF:sf
        """),
    // Storage.
    Layout(
      models: [124],
      points: """
        WChaMax:u16*WChaMax_SF! WChaGra:u16*WChaDisChaGra_SF! WDisChaGra:u16*WChaDisChaGra_SF!
        StorCtl_Mod:bits16! VAChaMax:u16*VAChaMax_SF! MinRsvPct:u16*MinRsvPct_SF! ChaState:u16*ChaState_SF
        StorAval:u16*StorAval_SF InBatV:u16*InBatV_SF ChaSt:enum16 OutWRte:i16*InOutWRte_SF!
        InWRte:i16*InOutWRte_SF! InOutWRte_WinTms:u16! InOutWRte_RvrtTms:u16! InOutWRte_RmpTms:u16!
        ChaGriSet:enum16! WChaMax_SF:sf WChaDisChaGra_SF:sf VAChaMax_SF:sf MinRsvPct_SF:sf ChaState_SF:sf
        StorAval_SF:sf InBatV_SF:sf InOutWRte_SF:sf
        """),
    // Multiple MPPT.
    Layout(
      models: [160],
      points: """
        DCA_SF:sf DCV_SF:sf DCW_SF:sf DCWH_SF:sf Evt:bits32 N:u16 TmsPer:u16
        """,
      groups: [
        Group(
          name: "module", isRepeated: true,
          points: """
            ID:u16 IDStr:text8 DCA:u16*DCA_SF DCV:u16*DCV_SF DCW:u16*DCW_SF DCWH:acc32*DCWH_SF Tms:u32
            Tmp:i16 DCSt:enum16 DCEvt:bits32
            """)
      ]),
    // Meter, single phase, integer with scale factors.
    Layout(
      models: [201],
      points: """
        A:i16*A_SF AphA:i16*A_SF AphB:i16*A_SF AphC:i16*A_SF A_SF:sf PhV:i16*V_SF PhVphA:i16*V_SF
        PhVphB:i16*V_SF PhVphC:i16*V_SF PPV:i16*V_SF PPVphAB:i16*V_SF PPVphBC:i16*V_SF PPVphCA:i16*V_SF
        V_SF:sf Hz:i16*Hz_SF Hz_SF:sf W:i16*W_SF WphA:i16*W_SF WphB:i16*W_SF WphC:i16*W_SF W_SF:sf
        VA:i16*VA_SF VAphA:i16*VA_SF VAphB:i16*VA_SF VAphC:i16*VA_SF VA_SF:sf VAR:i16*VAR_SF VARphA:i16*VAR_SF
        VARphB:i16*VAR_SF VARphC:i16*VAR_SF VAR_SF:sf PF:i16*PF_SF PFphA:i16*PF_SF PFphB:i16*PF_SF
        PFphC:i16*PF_SF PF_SF:sf TotWhExp:acc32*TotWh_SF TotWhExpPhA:acc32*TotWh_SF TotWhExpPhB:acc32*TotWh_SF
        TotWhExpPhC:acc32*TotWh_SF TotWhImp:acc32*TotWh_SF TotWhImpPhA:acc32*TotWh_SF
        TotWhImpPhB:acc32*TotWh_SF TotWhImpPhC:acc32*TotWh_SF TotWh_SF:sf TotVAhExp:acc32*TotVAh_SF
        TotVAhExpPhA:acc32*TotVAh_SF TotVAhExpPhB:acc32*TotVAh_SF TotVAhExpPhC:acc32*TotVAh_SF
        TotVAhImp:acc32*TotVAh_SF TotVAhImpPhA:acc32*TotVAh_SF TotVAhImpPhB:acc32*TotVAh_SF
        TotVAhImpPhC:acc32*TotVAh_SF TotVAh_SF:sf TotVArhImpQ1:acc32*TotVArh_SF
        TotVArhImpQ1PhA:acc32*TotVArh_SF TotVArhImpQ1PhB:acc32*TotVArh_SF TotVArhImpQ1PhC:acc32*TotVArh_SF
        TotVArhImpQ2:acc32*TotVArh_SF TotVArhImpQ2PhA:acc32*TotVArh_SF TotVArhImpQ2PhB:acc32*TotVArh_SF
        TotVArhImpQ2PhC:acc32*TotVArh_SF TotVArhExpQ3:acc32*TotVArh_SF TotVArhExpQ3PhA:acc32*TotVArh_SF
        TotVArhExpQ3PhB:acc32*TotVArh_SF TotVArhExpQ3PhC:acc32*TotVArh_SF TotVArhExpQ4:acc32*TotVArh_SF
        TotVArhExpQ4PhA:acc32*TotVArh_SF TotVArhExpQ4PhB:acc32*TotVArh_SF TotVArhExpQ4PhC:acc32*TotVArh_SF
        TotVArh_SF:sf Evt:bits32
        """),
    // Meter, split and three phase, integer with scale factors.
    Layout(
      models: [202, 203, 204],
      points: """
        A:i16*A_SF AphA:i16*A_SF AphB:i16*A_SF AphC:i16*A_SF A_SF:sf PhV:i16*V_SF PhVphA:i16*V_SF
        PhVphB:i16*V_SF PhVphC:i16*V_SF PPV:i16*V_SF PhVphAB:i16*V_SF PhVphBC:i16*V_SF PhVphCA:i16*V_SF
        V_SF:sf Hz:i16*Hz_SF Hz_SF:sf W:i16*W_SF WphA:i16*W_SF WphB:i16*W_SF WphC:i16*W_SF W_SF:sf
        VA:i16*VA_SF VAphA:i16*VA_SF VAphB:i16*VA_SF VAphC:i16*VA_SF VA_SF:sf VAR:i16*VAR_SF VARphA:i16*VAR_SF
        VARphB:i16*VAR_SF VARphC:i16*VAR_SF VAR_SF:sf PF:i16*PF_SF PFphA:i16*PF_SF PFphB:i16*PF_SF
        PFphC:i16*PF_SF PF_SF:sf TotWhExp:acc32*TotWh_SF TotWhExpPhA:acc32*TotWh_SF TotWhExpPhB:acc32*TotWh_SF
        TotWhExpPhC:acc32*TotWh_SF TotWhImp:acc32*TotWh_SF TotWhImpPhA:acc32*TotWh_SF
        TotWhImpPhB:acc32*TotWh_SF TotWhImpPhC:acc32*TotWh_SF TotWh_SF:sf TotVAhExp:acc32*TotVAh_SF
        TotVAhExpPhA:acc32*TotVAh_SF TotVAhExpPhB:acc32*TotVAh_SF TotVAhExpPhC:acc32*TotVAh_SF
        TotVAhImp:acc32*TotVAh_SF TotVAhImpPhA:acc32*TotVAh_SF TotVAhImpPhB:acc32*TotVAh_SF
        TotVAhImpPhC:acc32*TotVAh_SF TotVAh_SF:sf TotVArhImpQ1:acc32*TotVArh_SF
        TotVArhImpQ1PhA:acc32*TotVArh_SF TotVArhImpQ1PhB:acc32*TotVArh_SF TotVArhImpQ1PhC:acc32*TotVArh_SF
        TotVArhImpQ2:acc32*TotVArh_SF TotVArhImpQ2PhA:acc32*TotVArh_SF TotVArhImpQ2PhB:acc32*TotVArh_SF
        TotVArhImpQ2PhC:acc32*TotVArh_SF TotVArhExpQ3:acc32*TotVArh_SF TotVArhExpQ3PhA:acc32*TotVArh_SF
        TotVArhExpQ3PhB:acc32*TotVArh_SF TotVArhExpQ3PhC:acc32*TotVArh_SF TotVArhExpQ4:acc32*TotVArh_SF
        TotVArhExpQ4PhA:acc32*TotVArh_SF TotVArhExpQ4PhB:acc32*TotVArh_SF TotVArhExpQ4PhC:acc32*TotVArh_SF
        TotVArh_SF:sf Evt:bits32
        """),
    // Meter, float.
    Layout(
      models: [211, 212, 213, 214],
      points: """
        A:f32 AphA:f32 AphB:f32 AphC:f32 PhV:f32 PhVphA:f32 PhVphB:f32 PhVphC:f32 PPV:f32 PPVphAB:f32
        PPVphBC:f32 PPVphCA:f32 Hz:f32 W:f32 WphA:f32 WphB:f32 WphC:f32 VA:f32 VAphA:f32 VAphB:f32 VAphC:f32
        VAR:f32 VARphA:f32 VARphB:f32 VARphC:f32 PF:f32 PFphA:f32 PFphB:f32 PFphC:f32 TotWhExp:f32
        TotWhExpPhA:f32 TotWhExpPhB:f32 TotWhExpPhC:f32 TotWhImp:f32 TotWhImpPhA:f32 TotWhImpPhB:f32
        TotWhImpPhC:f32 TotVAhExp:f32 TotVAhExpPhA:f32 TotVAhExpPhB:f32 TotVAhExpPhC:f32 TotVAhImp:f32
        TotVAhImpPhA:f32 TotVAhImpPhB:f32 TotVAhImpPhC:f32 TotVArhImpQ1:f32 TotVArhImpQ1phA:f32
        TotVArhImpQ1phB:f32 TotVArhImpQ1phC:f32 TotVArhImpQ2:f32 TotVArhImpQ2phA:f32 TotVArhImpQ2phB:f32
        TotVArhImpQ2phC:f32 TotVArhExpQ3:f32 TotVArhExpQ3phA:f32 TotVArhExpQ3phB:f32 TotVArhExpQ3phC:f32
        TotVArhExpQ4:f32 TotVArhExpQ4phA:f32 TotVArhExpQ4phB:f32 TotVArhExpQ4phC:f32 Evt:bits32
        """),
    // DER AC measurement.
    Layout(
      models: [701],
      points: """
        ACType:enum16 St:enum16 InvSt:enum16 ConnSt:enum16 Alrm:bits32 DERMode:bits32 W:i16*W_SF VA:i16*VA_SF
        Var:i16*Var_SF PF:i16*PF_SF A:i16*A_SF LLV:u16*V_SF LNV:u16*V_SF Hz:u32*Hz_SF TotWhInj:u64*TotWh_SF
        TotWhAbs:u64*TotWh_SF TotVarhInj:u64*TotVarh_SF TotVarhAbs:u64*TotVarh_SF TmpAmb:i16*Tmp_SF
        TmpCab:i16*Tmp_SF TmpSnk:i16*Tmp_SF TmpTrns:i16*Tmp_SF TmpSw:i16*Tmp_SF TmpOt:i16*Tmp_SF WL1:i16*W_SF
        VAL1:i16*VA_SF VarL1:i16*Var_SF PFL1:i16*PF_SF AL1:i16*A_SF VL1L2:u16*V_SF VL1:u16*V_SF
        TotWhInjL1:u64*TotWh_SF TotWhAbsL1:u64*TotWh_SF TotVarhInjL1:u64*TotVarh_SF
        TotVarhAbsL1:u64*TotVarh_SF WL2:i16*W_SF VAL2:i16*VA_SF VarL2:i16*Var_SF PFL2:i16*PF_SF AL2:i16*A_SF
        VL2L3:u16*V_SF VL2:u16*V_SF TotWhInjL2:u64*TotWh_SF TotWhAbsL2:u64*TotWh_SF
        TotVarhInjL2:u64*TotVarh_SF TotVarhAbsL2:u64*TotVarh_SF WL3:i16*W_SF VAL3:i16*VA_SF VarL3:i16*Var_SF
        PFL3:i16*PF_SF AL3:i16*A_SF VL3L1:u16*V_SF VL3:u16*V_SF TotWhInjL3:u64*TotWh_SF
        TotWhAbsL3:u64*TotWh_SF TotVarhInjL3:u64*TotVarh_SF TotVarhAbsL3:u64*TotVarh_SF ThrotPct:u16
        ThrotSrc:bits32 A_SF:sf V_SF:sf Hz_SF:sf W_SF:sf PF_SF:sf VA_SF:sf Var_SF:sf TotWh_SF:sf TotVarh_SF:sf
        Tmp_SF:sf MnAlrmInfo:text32
        """),
    // DER capacity.
    Layout(
      models: [702],
      points: """
        WMaxRtg:u16*W_SF WOvrExtRtg:u16*W_SF WOvrExtRtgPF:u16*PF_SF WUndExtRtg:u16*W_SF WUndExtRtgPF:u16*PF_SF
        VAMaxRtg:u16*VA_SF VarMaxInjRtg:u16*Var_SF VarMaxAbsRtg:u16*Var_SF WChaRteMaxRtg:u16*W_SF
        WDisChaRteMaxRtg:u16*W_SF VAChaRteMaxRtg:u16*VA_SF VADisChaRteMaxRtg:u16*VA_SF VNomRtg:u16*V_SF
        VMaxRtg:u16*V_SF VMinRtg:u16*V_SF AMaxRtg:u16*A_SF PFOvrExtRtg:u16*PF_SF PFUndExtRtg:u16*PF_SF
        ReactSusceptRtg:u16*S_SF NorOpCatRtg:enum16 AbnOpCatRtg:enum16 CtrlModes:bits32 IntIslandCatRtg:bits16
        WMax:u16*W_SF! WMaxOvrExt:u16*W_SF! WOvrExtPF:u16*PF_SF! WMaxUndExt:u16*W_SF! WUndExtPF:u16*PF_SF!
        VAMax:u16*VA_SF! VarMaxInj:u16*Var_SF! VarMaxAbs:u16*Var_SF! WChaRteMax:u16*W_SF!
        WDisChaRteMax:u16*W_SF! VAChaRteMax:u16*VA_SF! VADisChaRteMax:u16*VA_SF! VNom:u16*V_SF! VMax:u16*V_SF!
        VMin:u16*V_SF! AMax:u16*A_SF! PFOvrExt:u16*PF_SF! PFUndExt:u16*PF_SF! IntIslandCat:bits16! W_SF:sf
        PF_SF:sf VA_SF:sf Var_SF:sf V_SF:sf A_SF:sf S_SF:sf
        """),
    // DER AC controls.
    Layout(
      models: [704],
      points: """
        PFWInjEna:enum16! PFWInjEnaRvrt:enum16! PFWInjRvrtTms:u32! PFWInjRvrtRem:u32 PFWAbsEna:enum16!
        PFWAbsEnaRvrt:enum16! PFWAbsRvrtTms:u32! PFWAbsRvrtRem:u32 WMaxLimPctEna:enum16!
        WMaxLimPct:u16*WMaxLimPct_SF! WMaxLimPctRvrt:u16*WMaxLimPct_SF! WMaxLimPctEnaRvrt:enum16!
        WMaxLimPctRvrtTms:u32! WMaxLimPctRvrtRem:u32 WSetEna:enum16! WSetMod:enum16! WSet:i32*WSet_SF!
        WSetRvrt:i32*WSet_SF! WSetPct:i16*WSetPct_SF! WSetPctRvrt:i16*WSetPct_SF! WSetEnaRvrt:enum16!
        WSetRvrtTms:u32! WSetRvrtRem:u32 VarSetEna:enum16! VarSetMod:enum16! VarSetPri:enum16!
        VarSet:i32*VarSet_SF! VarSetRvrt:i32*VarSet_SF! VarSetPct:i16*VarSetPct_SF!
        VarSetPctRvrt:i16*VarSetPct_SF! VarSetEnaRvrt:enum16! VarSetRvrtTms:u32! VarSetRvrtRem:u32 WRmp:u16!
        WRmpRef:enum16! VarRmp:u16! AntiIslEna:enum16! PF_SF:sf WMaxLimPct_SF:sf WSet_SF:sf WSetPct_SF:sf
        VarSet_SF:sf VarSetPct_SF:sf
        """,
      groups: [
        Group(
          name: "PFWInj", isRepeated: false,
          points: """
            PF:u16*PF_SF! Ext:enum16!
            """),
        Group(
          name: "PFWInjRvrt", isRepeated: false,
          points: """
            PF:u16*PF_SF! Ext:enum16!
            """),
        Group(
          name: "PFWAbs", isRepeated: false,
          points: """
            PF:u16*PF_SF! Ext:enum16!
            """),
        Group(
          name: "PFWAbsRvrt", isRepeated: false,
          points: """
            PF:u16*PF_SF! Ext:enum16!
            """),
      ]),
    // DER storage capacity.
    Layout(
      models: [713],
      points: """
        WHRtg:u16*WH_SF WHAvail:u16*WH_SF SoC:u16*Pct_SF SoH:u16*Pct_SF Sta:enum16 WH_SF:sf Pct_SF:sf
        """),
    // DER DC measurement.
    Layout(
      models: [714],
      points: """
        PrtAlrms:bits32 NPrt:u16 DCA:i16*DCA_SF DCW:i16*DCW_SF DCWhInj:u64*DCWH_SF DCWhAbs:u64*DCWH_SF
        DCA_SF:sf DCV_SF:sf DCW_SF:sf DCWH_SF:sf Tmp_SF:sf
        """,
      groups: [
        Group(
          name: "Prt", isRepeated: true,
          points: """
            PrtTyp:enum16 ID:u16 IDStr:text8 DCA:i16*DCA_SF DCV:u16*DCV_SF DCW:i16*DCW_SF
            DCWhInj:u64*DCWH_SF DCWhAbs:u64*DCWH_SF Tmp:i16*Tmp_SF DCSta:enum16 DCAlrm:bits32
            """)
      ]),
    // Battery base.
    Layout(
      models: [802],
      points: """
        AHRtg:u16*AHRtg_SF WHRtg:u16*WHRtg_SF WChaRteMax:u16*WChaDisChaMax_SF
        WDisChaRteMax:u16*WChaDisChaMax_SF DisChaRte:u16*DisChaRte_SF SoCMax:u16*SoC_SF SoCMin:u16*SoC_SF
        SocRsvMax:u16*SoC_SF! SoCRsvMin:u16*SoC_SF! SoC:u16*SoC_SF DoD:u16*DoD_SF SoH:u16*SoH_SF NCyc:u32
        ChaSt:enum16 LocRemCtl:enum16 Hb:u16 CtrlHb:u16! AlmRst:u16! Typ:enum16 State:enum16 StateVnd:enum16
        WarrDt:u32 Evt1:bits32 Evt2:bits32 EvtVnd1:bits32 EvtVnd2:bits32 V:u16*V_SF VMax:u16*V_SF
        VMin:u16*V_SF CellVMax:u16*CellV_SF CellVMaxStr:u16 CellVMaxMod:u16 CellVMin:u16*CellV_SF
        CellVMinStr:u16 CellVMinMod:u16 CellVAvg:u16*CellV_SF A:i16*A_SF AChaMax:u16*AMax_SF
        ADisChaMax:u16*AMax_SF W:i16*W_SF ReqInvState:enum16 ReqW:i16*W_SF SetOp:enum16! SetInvState:enum16!
        AHRtg_SF:sf WHRtg_SF:sf WChaDisChaMax_SF:sf DisChaRte_SF:sf SoC_SF:sf DoD_SF:sf SoH_SF:sf V_SF:sf
        CellV_SF:sf A_SF:sf AMax_SF:sf W_SF:sf
        """),
  ]
}
